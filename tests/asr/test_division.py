"""Where an utterance ends and the next begins."""

import pytest

from edge_asr.asr.division import division_s, until, wordless_s
from edge_asr.asr.result import Hypothesis, Word


def said(
    *spans: tuple[float, float], decoded_s: float = 10.0, silence_s: float = 0.0, estimated: bool = False
) -> Hypothesis:
    words = tuple(Word(f"w{number}", begin, end, 0.9) for number, (begin, end) in enumerate(spans))
    return Hypothesis(words, decoded_s, silence_s, timed=True, estimated=estimated)


@pytest.mark.parametrize(
    ("hypothesis", "expected_s"),
    [
        (said((0.0, 9.0), silence_s=1.0), 0.9),
        (said((0.0, 9.5), silence_s=1.0), 0.4),  # its last word lasts into what the search takes for silence
        (said((0.0, 9.0), silence_s=0.3), 0.2),  # a sound after it, that was no word
        (said((0.0, 10.0)), 0.0),
        (said(silence_s=10.0), 9.9),
        (said((0.0, 9.8), silence_s=1.0, estimated=True), 0.9),
    ],
)
def test_no_word_has_what_lies_behind_the_last_sound_of_the_last_one(hypothesis: Hypothesis, expected_s: float) -> None:
    assert wordless_s(hypothesis, 10.0) == pytest.approx(expected_s)


def test_too_long_it_is_divided_at_the_longest_pause_nearby_of_equal_ones_the_last() -> None:
    assert division_s(said((0.0, 8.5), (8.5, 9.0), (9.0, 9.6), (9.6, 10.0)), 10.0) == 9.6
    assert division_s(said((0.0, 8.5), (8.5, 9.0), (9.1, 9.6), (9.6, 10.0)), 10.0) == 9.1
    assert division_s(said((0.0, 6.0), (7.0, 9.0), (9.0, 10.0)), 10.0) == 9.0


@pytest.mark.parametrize(
    "hypothesis",
    [
        said((0.0, 9.0), (9.0, 9.8), silence_s=0.2),  # it ends in a pause
        said((0.0, 10.0)),  # before its only word lies nothing
        said((0.0, 7.0), (7.0, 10.0)),  # a word that long is none
        said((0.0, 9.0), (9.0, 10.0), estimated=True),
        said(),
    ],
)
def test_else_it_is_divided_at_its_end(hypothesis: Hypothesis) -> None:
    assert division_s(hypothesis, 10.0) is None


def test_what_lies_before_the_division_has_no_word_of_what_lies_behind() -> None:
    whole = said((0.0, 9.0), (9.0, 9.6), (9.6, 10.0), silence_s=0.05)
    before = until(whole, 9.6)
    assert [word.word for word in before.words] == ["w0", "w1"]
    assert (before.decoded_s, before.trailing_silence_s, before.timed) == (9.6, 0.0, True)
