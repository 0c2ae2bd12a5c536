"""The sound picks its own beginning, wherever the search for it begins."""

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.audio.anchor import anchor

MURMUR = np.random.default_rng(13).integers(-60, 60, 12_000).astype(np.int16) | np.int16(1)  # no digital silence


@given(st.integers(0, 11_000), st.integers(1, 900))
def test_it_lies_in_the_stretch(begin: int, length: int) -> None:
    assert begin <= anchor(MURMUR, begin, begin + length, 320) < begin + length


def test_a_stretch_that_is_moved_a_little_nearly_always_picks_the_same_place() -> None:
    starts = np.arange(0, 6000, 100)
    same = [anchor(MURMUR, at, at + 4800, 1) == anchor(MURMUR, at + 160, at + 4960, 1) for at in starts.tolist()]
    assert np.mean(same) > 0.9  # the expectation is 1 - 160 / 4800


@given(st.integers(0, 500))
def test_it_moves_with_the_sound(shift: int) -> None:
    moved = np.concatenate([np.zeros(shift, np.int16), MURMUR])
    assert anchor(moved, shift + 100, shift + 5000, 320) == shift + anchor(MURMUR, 100, 5000, 320)


def test_digital_silence_stays_before_the_first_sound_for_so_long() -> None:
    samples = np.concatenate([np.zeros(5000, np.int16), MURMUR + 100])
    assert anchor(samples, 0, 4000, 3000) == anchor(samples, 400, 4400, 3000) == 2000
    assert anchor(samples, 4500, 4990, 3000) == 4500
    assert anchor(samples, 4500, 5001, 3000) >= 5000
    assert anchor(np.array([9, 0, 8, 7, 6], np.int16), 1, 2, 0) == 2


@pytest.mark.parametrize("samples", [[0], [0, 0, 0], [7], [0, 7]])
def test_next_to_nothing_still_has_a_beginning(samples: list[int]) -> None:
    assert 0 <= anchor(np.array(samples, np.int16), 0, len(samples), 320) < len(samples)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_resampled_and_rounded_it_is_nearly_always_the_same_moment(rate_hz: int) -> None:
    murmur = np.convolve(MURMUR, np.ones(4) / 2, "same").astype(np.int16)  # a room's noise falls with the frequency
    there = np.rint(soxr.resample(murmur.astype(np.float32), 16_000, rate_hz))
    back = np.rint(soxr.resample(there, rate_hz, 16_000)).astype(np.int16)
    starts = range(0, 6000, 100)
    same = [abs(anchor(murmur, at, at + 4800, 1) - anchor(back, at, at + 4800, 1)) <= 1 for at in starts]
    assert np.mean(same) > 0.9
