"""Lists of words and of pairs, by a grammar's numbers."""

from pathlib import Path

import pytest

from edge_asr.errors import ModelError
from edge_asr_export.word_counts import WordCounts

NUMBERS = {"<eps>": 0, "the": 1, "cat": 2, "sat": 3, "i": 4, "unlisted": 5}


def read(folder: Path, words: str, pairs: str) -> WordCounts:
    (folder / "words").write_text(words, "utf-8-sig")
    (folder / "pairs").write_text(pairs, "utf8")
    return WordCounts.read(folder / "words", folder / "pairs", NUMBERS)


def test_shares_are_of_what_both_know(tmp_path: Path) -> None:
    counts = read(tmp_path, "the 60\ncat 30\ndog 1000\nsat 10\n", "cat sat 3\nthe sat 2\nthe cat 6\nthe dog 900\n")
    assert counts.share.tolist() == [0.0, 0.6, 0.3, 0.1, 0.0, 0.0]
    assert list(zip(counts.first.tolist(), counts.second.tolist(), strict=True)) == [(1, 2), (1, 3), (2, 3)]
    assert counts.pair_share.tolist() == pytest.approx([0.75, 0.25, 1.0])


def test_a_word_is_covered_by_its_pairs_as_the_commonest_are(tmp_path: Path) -> None:
    """The lists are of different collections: what the commonest words have is the measure, for 0.7."""
    counts = read(tmp_path, "the 60\ncat 30\nsat 10\n", "the cat 600\ncat sat 300\nsat the 10\n")
    assert counts.covered.tolist() == pytest.approx([0, 0.7, 0.7, 0, 0, 0])
    half = read(tmp_path, "the 60\ncat 30\nsat 10\n", "the cat 600\ncat sat 300\nsat the 50\n")
    assert half.covered[3] == pytest.approx(0.35)
    crowded = read(tmp_path, "the 60\ncat 30\nsat 10\n", "the cat 600\ncat sat 300\nsat the 900\n")
    assert crowded.covered[3] == 0.9


def test_a_word_whose_pairs_are_missing_is_told_apart(tmp_path: Path) -> None:
    words = "the 60\ncat 30\nsat 10\ni 50\n"
    counts = read(tmp_path, words, "the cat 30\ncat the 60\nthe sat 10\ncat i 3\n")
    assert counts.ends_pairs.tolist() == [False, True, True, True, False, False]
    assert read(tmp_path, words, "the cat 30\ncat the 60\nthe sat 10\ncat i 6\n").ends_pairs[4]


def test_lists_of_other_words_tell_nothing(tmp_path: Path) -> None:
    counts = read(tmp_path, "dog 3\n", "dog barks 3\n")
    assert not counts.share.any()
    assert not counts.covered.any()
    assert not counts.ends_pairs.any()
    assert len(counts.first) == 0


def test_a_count_that_many_words_share_is_none(tmp_path: Path) -> None:
    """Lists put one in the place of what was not counted."""
    numbers = {"<eps>": 0} | {f"word{number}": number for number in range(1, 30)}
    lines = [f"word{number} 300" for number in range(1, 22)]
    (tmp_path / "pairs").write_text("word29 word28 3\n")
    for listed, share in ((lines, 0.0), (lines[1:], 300 / (20 * 300 + 100))):
        (tmp_path / "words").write_text("\n".join([*listed, "word29 100"]))
        counts = WordCounts.read(tmp_path / "words", tmp_path / "pairs", numbers)
        assert counts.share[5] == pytest.approx(share)


def test_what_is_listed_twice_is_added(tmp_path: Path) -> None:
    counts = read(tmp_path, "the 20\ncat 60\nthe 20\n", "the cat 2\ncat the 5\nthe sat 3\nthe cat 1\n")
    assert counts.share.tolist() == [0.0, 0.4, 0.6, 0.0, 0.0, 0.0]
    assert counts.first.tolist() == [1, 1, 2]
    assert counts.pair_share.tolist() == [0.5, 0.5, 1.0]


def test_what_stands_for_no_word_is_passed_over(tmp_path: Path) -> None:
    counts = read(tmp_path, "<eps> 50\nthe 50\n", "<eps> the 5\nthe <eps> 5\nthe the 5\n")
    assert counts.share[0] == 0.0
    assert counts.first.tolist() == [1]


@pytest.mark.parametrize(
    "line", ["the", "the cat 3", "the x3", "", "the -3", "the 3.5", "the 0", "the 00", "the " + 19 * "9"]
)
def test_a_line_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(ModelError, match=r"^words: '.*', expected WORD COUNT"):
        read(tmp_path, f"the 60\n{line}\n", "the cat 3\n")


def test_a_pair_has_two_words(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^pairs: 'the cat sat 3', expected WORD WORD COUNT"):
        read(tmp_path, "the 60\n", "the cat 3\nthe cat sat 3\n")


def test_a_list_that_is_no_text_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="words cannot be read as text"):
        WordCounts.read(tmp_path / "words", tmp_path / "words", NUMBERS)
    with pytest.raises(ModelError, match="none cannot be read as text"):
        WordCounts.read(tmp_path / "none", tmp_path / "words", NUMBERS)
