"""Lists of words and of pairs, by a grammar's numbers."""

from pathlib import Path

import numpy as np
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
    ratios = np.array([600 / 0.6, 300 / 0.3, 10 / 0.1])
    assert counts.covered.tolist() == pytest.approx([0, 0.7, 0.7, 0.7 * ratios[2] / ratios[0], 0, 0])
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


@pytest.mark.parametrize("line", ["the", "the cat 3", "the x3", "", "the -3", "the 3.5"])
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
