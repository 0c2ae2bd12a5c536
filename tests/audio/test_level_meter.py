"""The level of what is delivered, against the plain formulas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.level_meter import LOWEST_DBFS, Level, LevelMeter, dbfs


def measured(samples: NDArray[np.int16], window_s: float = 1.0, cut: int = 320) -> list[Level]:
    levels: list[Level] = []
    meter = LevelMeter(window_s, levels.append)
    for at in range(0, len(samples), cut):
        meter.take(AudioChunk("s", at, samples[at : at + cut], 16_000, 0))
    return levels


def test_a_full_sine_is_three_decibels_below_its_peak() -> None:
    sine = np.rint(16384 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000)).astype(np.int16)
    levels = measured(sine)
    assert [level.samples for level in levels] == [16_000, 16_000]
    for level in levels:
        assert level.peak_dbfs == pytest.approx(-6.02, abs=0.01)
        assert level.rms_dbfs == pytest.approx(-9.03, abs=0.01)
        assert level.clipped_samples == 0


def test_an_offset_is_no_loudness_and_silence_has_a_floor() -> None:
    (level,) = measured(np.full(16_000, 1000, np.int16))
    assert level.rms_dbfs == LOWEST_DBFS
    assert level.peak_dbfs == pytest.approx(dbfs(1000))
    (level,) = measured(np.zeros(16_000, np.int16))
    assert level == Level(LOWEST_DBFS, LOWEST_DBFS, 0, 16_000)


def test_both_ends_of_the_scale_are_clipping() -> None:
    samples = np.zeros(16_000, np.int16)
    samples[100:110], samples[200:205], samples[300] = 32767, -32768, -32767
    (level,) = measured(samples)
    assert level.clipped_samples == 16
    assert level.peak_dbfs == 0.0


def test_a_chunk_without_samples_and_a_window_that_is_not_full_say_nothing() -> None:
    assert measured(np.zeros(15_999, np.int16)) == []
    levels: list[Level] = []
    LevelMeter(0.1, levels.append).take(AudioChunk("s", 0, np.zeros(0, np.int16), 16_000, 0))
    assert levels == []


@given(st.integers(0, 2**32 - 1), st.integers(50, 4000), st.floats(0.01, 1.0))
@settings(deadline=None)
def test_any_cutting_measures_every_sample_once(seed: int, cut: int, window_s: float) -> None:
    samples = np.random.default_rng(seed).integers(-32768, 32768, 16_000).astype(np.int16)
    at = 0
    for level in measured(samples, window_s, cut):
        part = samples[at : at + level.samples].astype(np.float64)
        at += level.samples
        assert level.rms_dbfs == pytest.approx(dbfs(float(part.std())), abs=0.001)
        assert level.peak_dbfs == pytest.approx(dbfs(float(np.abs(part).max())))
        assert level.clipped_samples == int((np.abs(part) >= 32767).sum())
    assert len(samples) - at < window_s * 16_000
