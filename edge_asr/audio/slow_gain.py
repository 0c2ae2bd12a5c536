"""The level at which a voice detector hears: quiet microphones are raised towards a usual one."""

import math

import numpy as np
from numpy.typing import NDArray

from edge_asr.audio.chunk import Samples

_USUAL_RMS = 1500.0  # int16 scale: -27 dBFS, a voice at a usual distance
_LEVEL_HALF_LIFE_S = 10.0
_OFFSET_HALF_LIFE_S = 1.0


class SlowGain:
    """A gain that follows the loudest blocks at once and forgets them with a half-life. One stream, one thread.

    Only detectors hear it, the recognizer never does. The level counts around a slow mean of the samples, as that of
    level.py: an offset would pass for loudness, and the gain would make clipping of it.
    """

    def __init__(self, sample_rate_hz: int, max_gain_db: float) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._max_gain = 10.0 ** (max_gain_db / 20.0)
        self._level = 0.0  # RMS of the loudest blocks, decaying
        self._offset: float | None = None  # slow mean of the samples: cheap microphones have one
        self._set_length(1)

    def step(self, block: Samples) -> tuple[NDArray[np.float32], float]:
        """Take int16 samples (n,); return them around zero, at their own scale, and the gain, 1 or more."""
        if len(block) != len(self._shares):
            self._set_length(len(block))
        samples = block.astype(np.float32)
        mean = float(samples.dot(self._shares))  # products of rows: half the time of a sum and of np.dot
        before = mean if self._offset is None else self._offset
        self._offset = before * self._offset_kept + mean * (1.0 - self._offset_kept)
        samples -= np.float32(self._offset)
        rms = math.sqrt(float(samples.dot(samples)) / len(samples))
        self._level = max(self._level * self._level_kept, rms)
        return samples, max(1.0, min(self._max_gain, _USUAL_RMS / max(self._level, 1.0)))

    def _set_length(self, samples: int) -> None:
        """How long the blocks are: nearly always as long as the one before."""
        length_s = samples / self._sample_rate_hz
        self._shares = np.full(samples, 1.0 / samples, np.float32)
        self._level_kept = 0.5 ** (length_s / _LEVEL_HALF_LIFE_S)
        self._offset_kept = 0.5 ** (length_s / _OFFSET_HALF_LIFE_S)
