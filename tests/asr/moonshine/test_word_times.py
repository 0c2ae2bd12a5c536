"""Estimated times: in order, within the voice, by the lengths of the words."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.asr.moonshine.word_times import estimated
from edge_asr.asr.rescorer import SpokenWord


def spoken(*words: str) -> list[SpokenWord]:
    return [SpokenWord(word, 0.7) for word in words]


def mask(*runs: tuple[int, bool]) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    return np.concatenate([np.full(length, value) for length, value in runs])


def test_words_share_the_voice_by_their_letters_and_one_more() -> None:
    words = estimated(spoken("abc,", "a", "abc"), mask((50, False), (100, True), (30, False)))
    assert [word.word for word in words] == ["abc,", "a", "abc"]
    assert [moment for word in words for moment in (word.start_s, word.end_s)] == pytest.approx(
        [1.0, 1.8, 1.8, 2.2, 2.2, 3.0]
    )
    assert {word.confidence for word in words} == {0.7}


def test_nothing_is_said_in_a_pause() -> None:
    words = estimated(spoken("abc", "def"), mask((50, True), (100, False), (50, True)))
    assert [moment for word in words for moment in (word.start_s, word.end_s)] == pytest.approx([0.0, 1.0, 3.0, 4.0])


def test_no_words_and_no_voice() -> None:
    assert estimated([], mask((50, True))) == ()
    [word] = estimated(spoken("a"), mask((50, False)))
    assert [word.start_s, word.end_s] == pytest.approx([0.0, 1.0])
    assert len(estimated(spoken("a", "b"), np.empty(0, np.bool_))) == 2


@given(
    words=st.lists(st.text("ab.'é7", min_size=1, max_size=9), min_size=1, max_size=40),
    runs=st.lists(st.integers(1, 40), min_size=1, max_size=12),
)
def test_they_are_in_order_and_within_the_voice(words: list[str], runs: list[int]) -> None:
    voiced = mask(*((length, turn % 2 == 1) for turn, length in enumerate(runs)))
    found = estimated(spoken(*words), voiced)
    times = [moment for word in found for moment in (word.start_s, word.end_s)]
    assert all(after >= before - 1e-9 for before, after in itertools.pairwise(times))
    blocks = np.flatnonzero(voiced) if voiced.any() else np.arange(len(voiced))
    assert times[0] == pytest.approx(blocks[0] * 0.02)
    assert times[-1] == pytest.approx((blocks[-1] + 1) * 0.02)
    assert all(word.end_s > word.start_s for word in found)
