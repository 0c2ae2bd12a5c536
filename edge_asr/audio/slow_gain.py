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

    def step(self, block: Samples) -> tuple[NDArray[np.float32], float]:
        """Take int16 samples (n,); return them around zero, at their own scale, and the gain, 1 or more."""
        centred = self._without_offset(block)
        rms = math.sqrt(float(np.dot(centred, centred)) / len(centred))
        decay = 0.5 ** (len(block) / self._sample_rate_hz / _LEVEL_HALF_LIFE_S)
        self._level = max(self._level * decay, rms)
        return centred, max(1.0, min(self._max_gain, _USUAL_RMS / max(self._level, 1.0)))

    def _without_offset(self, block: Samples) -> NDArray[np.float32]:
        samples = block.astype(np.float32)
        mean = float(np.add.reduce(samples)) / len(samples)
        if self._offset is None:
            self._offset = mean
        share = 0.5 ** (len(block) / self._sample_rate_hz / _OFFSET_HALF_LIFE_S)
        self._offset = self._offset * share + mean * (1.0 - share)
        samples -= np.float32(self._offset)
        return samples
