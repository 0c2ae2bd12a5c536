"""Words of the second pass in the time of the first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.asr.align import agreement, align, normalized
from edge_asr.asr.rescorer import SpokenWord
from edge_asr.asr.result import Word


def first(*words: tuple[str, float, float]) -> list[Word]:
    return [Word(word, start_s, end_s, 0.5) for word, start_s, end_s in words]


def spoken(text: str) -> list[SpokenWord]:
    return [SpokenWord(word, 0.9) for word in text.split()]


def times(words: tuple[Word, ...]) -> list[tuple[str, float, float]]:
    return [(word.word, round(word.start_s, 3), round(word.end_s, 3)) for word in words]


SAID = first(("turn", 0.5, 0.8), ("on", 0.8, 1.0), ("the", 1.4, 1.5), ("light", 1.5, 2.0))


def test_equal_words_keep_their_times_and_take_their_spelling() -> None:
    aligned = align(SAID, spoken("Turn on the light."), 2.5)
    assert times(aligned) == [("Turn", 0.5, 0.8), ("on", 0.8, 1.0), ("the", 1.4, 1.5), ("light.", 1.5, 2.0)]
    assert {word.confidence for word in aligned} == {0.9}


def test_other_words_share_the_time_of_those_that_they_replace() -> None:
    assert times(align(SAID, spoken("Turn off a light"), 2.5)) == [
        ("Turn", 0.5, 0.8), ("off", 0.8, 1.325), ("a", 1.325, 1.5), ("light", 1.5, 2.0),
    ]  # fmt: skip


def test_what_the_first_pass_did_not_hear_lies_in_the_pause_or_takes_from_its_neighbour() -> None:
    assert times(align(SAID, spoken("Turn on, please, the light"), 2.5))[2] == ("please,", 1.0, 1.4)
    crowded = align(SAID, spoken("Turn right on the light"), 2.5)
    assert times(crowded)[:3] == [("Turn", 0.5, 0.74), ("right", 0.74, 0.8), ("on", 0.8, 1.0)]
    assert times(align(SAID, spoken("Turn on the light now"), 2.5))[-1] == ("now", 2.0, 2.5)
    assert times(align(SAID, spoken("Now turn on the light"), 2.5))[0] == ("Now", 0.0, 0.5)


def test_nothing_in_common_is_shared_out_by_length() -> None:
    assert times(align(first(("ab", 1.0, 4.0)), spoken("cde f"), 5.0)) == [("cde", 1.0, 3.25), ("f", 3.25, 4.0)]


@pytest.mark.parametrize(
    ("text", "share"),
    [("Turn on the light!", 1.0), ("turn it off", 0.25), ("dogs", 0.0), ("the light turn on", 1.0), ("", 0.0)],
)
def test_agreement_is_the_share_of_words_that_both_have(text: str, share: float) -> None:
    assert agreement(SAID, spoken(text)) == share


def test_case_and_punctuation_are_no_difference_but_apostrophes_are() -> None:
    assert normalized("\u201cDon't!\u201d") == "don't"
    assert normalized("well-known") == "wellknown"


NAMES = st.sampled_from(["a", "B.", "cc", "dd", "--"])


@given(
    steps=st.lists(st.tuples(NAMES, st.floats(0, 1), st.floats(0.03, 1)), max_size=8),
    text=st.lists(NAMES, max_size=10),
)
def test_every_word_has_a_time_and_none_goes_back(steps: list[tuple[str, float, float]], text: list[str]) -> None:
    words, at = [], 0.0
    for name, pause_s, length_s in steps:
        words.append(Word(name, at + pause_s, at + pause_s + length_s, 0.5))
        at += pause_s + length_s
    aligned = align(words, [SpokenWord(name, 0.5) for name in text], at + 0.5)
    assert [word.word for word in aligned] == text
    edges = [edge for word in aligned for edge in (word.start_s, word.end_s)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= at + 0.5 + 1e-9 for edge in edges)
