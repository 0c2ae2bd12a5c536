"""Blocks of one length at one rate, from any rate and any cutting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.audio.resample import BlockResampler


def run(samples: np.ndarray, rate_hz: int, sizes: list[int]) -> list[np.ndarray]:
    resampler = BlockResampler(rate_hz, 16_000, 320)
    blocks, at, turn = [], 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        blocks += resampler.step(samples[at : at + size])
        at, turn = at + size, turn + 1
    return blocks + resampler.finish()


def test_the_recognizers_own_rate_passes_bit_for_bit() -> None:
    samples = np.random.default_rng(1).integers(-32768, 32767, 5000).astype(np.int16)
    blocks = run(samples, 16_000, [777])
    assert [len(block) for block in blocks] == [320] * 15 + [200]
    assert (np.concatenate(blocks) == samples).all()


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_a_tone_keeps_its_pitch_level_and_place_in_time(rate_hz: int) -> None:
    time_s = np.arange(rate_hz) / rate_hz
    tone = np.rint(10_000 * np.sin(2 * np.pi * 440 * time_s)).astype(np.int16)
    out = np.concatenate(run(tone, rate_hz, [rate_hz // 50]))
    assert abs(len(out) - 16_000) <= 1
    expected = 10_000 * np.sin(2 * np.pi * 440 * np.arange(len(out)) / 16_000)
    middle = slice(800, -800)
    error = np.sqrt(np.mean((out[middle] - expected[middle]) ** 2))
    assert error < 20  # 51 dB below the tone: right in phase, so right in time


def test_full_scale_clips_and_does_not_wrap() -> None:
    square = np.where(np.arange(48_000) // 100 % 2, 32_767, -32_768).astype(np.int16)
    out = np.concatenate(run(square, 48_000, [960])).astype(np.int32)
    sign = np.where((np.arange(len(out)) * 3 + 1) // 100 % 2, 1, -1)
    plateau = np.abs((np.arange(len(out)) * 3 % 100) - 50) < 30
    assert (np.sign(out[plateau]) == sign[plateau]).all()


@given(
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=20),
    rate_hz=st.sampled_from([8_000, 44_100, 48_000, 96_000]),
)
@settings(max_examples=40, deadline=None)
def test_any_cutting_gives_the_same_blocks(sizes: list[int], rate_hz: int) -> None:
    samples = np.random.default_rng(2).integers(-9000, 9000, 20_000).astype(np.int16)
    whole, cut = run(samples, rate_hz, [len(samples)]), run(samples, rate_hz, sizes)
    assert [len(block) for block in cut] == [len(block) for block in whole]
    assert all((a == b).all() for a, b in zip(cut, whole, strict=True))
