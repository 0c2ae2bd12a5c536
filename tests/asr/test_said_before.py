"""As much of what was said before as there is room for, whole or its last words."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from edge_asr.asr.result import Word
from edge_asr.asr.said_before import Said, latest

RATE_HZ = 1_000


def said(*words: str, begins_s: Sequence[float] = (), seconds: float = 0.0) -> Said:
    """Words that fill it, a second each, where nothing else is told."""
    begins = [*(begins_s or map(float, range(len(words)))), seconds or float(len(words))]
    timed = tuple(Word(word, begin, end, 0.5) for word, (begin, end) in zip(words, pairwise(begins), strict=True))
    samples = np.arange(round(begins[-1] * RATE_HZ), dtype=np.int16)
    return Said("s", samples, tuple(range(len(words))), timed, 60.0)


def last_words(tokens: Sequence[int], count: int) -> Sequence[int]:
    return tokens[-count:]


def test_what_goes_in_stays_as_it_is() -> None:
    one, other = said("a", "b"), said("c")
    assert latest([one, other], 3_000, RATE_HZ, last_words) == [one, other]
    assert latest([], 3_000, RATE_HZ, last_words) == []


def test_of_the_first_that_does_not_the_last_words_do() -> None:
    gone, long, last = said("x"), said("a", "b", "c", "d"), said("e")
    cut, kept = latest([gone, long, last], 3_500, RATE_HZ, last_words)
    assert kept is last
    assert cut.tokens == (2, 3)
    assert cut.words == (Word("c", 0.0, 1.0, 0.5), Word("d", 1.0, 2.0, 0.5))
    assert cut.samples.tolist() == list(range(2_000, 4_000))
    assert (cut.stream_id, cut.end_s) == ("s", 60.0)


def test_it_is_cut_a_little_before_the_word_where_there_is_a_pause() -> None:
    long = said("a", "b", "c", begins_s=[0.0, 1.0, 4.0])
    words = (long.words[0], Word("b", 1.0, 2.0, 0.5), long.words[2])
    long = Said("s", np.zeros(7_000, np.int16), (0, 1, 2), words, 60.0)
    (cut,) = latest([long], 5_500, RATE_HZ, last_words)
    assert len(cut.samples) == 3_100
    assert cut.words[0].start_s == pytest.approx(0.1)


def test_less_than_a_second_or_a_single_word_is_no_context() -> None:
    assert latest([said("a", "b")], 999, RATE_HZ, last_words) == []
    assert latest([said("a", "b", begins_s=[0.0, 1.001], seconds=2.0)], 1_500, RATE_HZ, last_words) == []
    assert latest([said("a", "b", begins_s=[0.0, 1.05], seconds=2.0)], 1_500, RATE_HZ, last_words) == []
    assert latest([said("a", seconds=5.0)], 4_000, RATE_HZ, last_words) == []
    assert latest([said("a", "b")], 1_000, RATE_HZ, last_words)[0].tokens == (1,)


def test_where_no_word_begins_nothing_is_cut() -> None:
    last = said("e")
    assert latest([said("a", "b", "c", "d"), last], 4_500, RATE_HZ, lambda *_: None) == [last]

    def but_three(tokens: Sequence[int], count: int) -> Sequence[int] | None:
        return None if count == 3 else tokens[-count:]

    assert latest([said("a", "b", "c", "d"), last], 4_500, RATE_HZ, but_three) == [last]


def test_marks_alone_are_no_context() -> None:
    assert latest([said("a", "-", "...")], 2_000, RATE_HZ, last_words) == []
    assert latest([said("a", "-", "b.")], 2_000, RATE_HZ, last_words)[0].tokens == (1, 2)


def test_what_was_cut_can_be_cut_again() -> None:
    once = latest([said("a", "b", "c", "d")], 3_000, RATE_HZ, last_words)
    (twice,) = latest(once, 2_000, RATE_HZ, last_words)
    assert twice.samples.tolist() == list(range(2_000, 4_000))
    assert twice.words == (Word("c", 0.0, 1.0, 0.5), Word("d", 1.0, 2.0, 0.5))
