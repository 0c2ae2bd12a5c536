"""The table of words: what goes in comes out, and a bad file is told by its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.asr.kaldi.words import WordTable
from edge_asr.errors import ModelError

letters = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(st.dictionaries(st.integers(0, 300), letters, min_size=1))
def test_every_word_comes_back_by_its_number(words: dict[int, str]) -> None:
    table = WordTable(words)
    assert {number: table[number] for number in words} == words
    assert set(table.known.nonzero()[0].tolist()) == set(words)


def test_marks_are_no_spoken_words(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("<eps>\t0\n[unk]\t1\nwörld\t2\n!SIL\t4\n#0\t5\n", "utf8")
    table = WordTable.read(path)
    assert table[2] == "wörld"
    assert table.spoken.nonzero()[0].tolist() == [2]
    assert table.known.nonzero()[0].tolist() == [0, 1, 2, 4, 5]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello 1\n", r"has a line 'hello 1'; expected WORD<TAB>NUMBER"),
        (b"hello\t-1\n", r"has a line 'hello\\t-1'"),
        (b"", r"has a line ''"),
        (b"h\xffllo\t1\n", "is not UTF-8 text at byte 1"),
        (b"hello\t99999999999\n", "numbers a word 99999999999; expected at most 10000000"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_bad_file_is_told(content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=said):
        WordTable.read(path)
