"""Only a quiet voice is raised, in steps, and never beyond 24 dB."""

import numpy as np
import pytest

from edge_asr.audio.level import utterance_gain

BLOCK = 320


def voice(rms: float, blocks: int = 20) -> np.ndarray:
    """A murmur with one block of this level in it."""
    samples = np.random.default_rng(15).normal(0, min(rms, 1.0), blocks * BLOCK)
    samples[3 * BLOCK : 4 * BLOCK] = rms * np.where(np.arange(BLOCK) % 16 < 8, 1, -1)
    return np.rint(samples).astype(np.int16)


@pytest.mark.parametrize(
    ("rms", "gain"), [(20_000, 1.0), (600, 1.0), (300, 1.0), (240, 2.0), (120, 4.0), (40, 8.0), (20, 16.0), (2, 16.0)]
)
def test_steps(rms: float, gain: float) -> None:
    assert utterance_gain(voice(rms), BLOCK) == gain


def test_digital_silence_and_nothing_at_all_have_a_gain_too() -> None:
    assert utterance_gain(np.zeros(3200, np.int16), BLOCK) == 16.0
    assert utterance_gain(np.empty(0, np.int16), BLOCK) == 1.0
    assert utterance_gain(np.full(100, 9, np.int16), BLOCK) == 1.0


def test_the_offset_of_a_cheap_microphone_is_no_loudness() -> None:
    assert utterance_gain(voice(120) + np.int16(1500), BLOCK) == utterance_gain(voice(120), BLOCK) == 4.0
