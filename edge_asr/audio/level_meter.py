"""How loud the microphone is: RMS, peak and clipping of what it delivers, window by window."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from edge_asr.audio.chunk import AudioChunk
from edge_asr.clock import NS_PER_S

_FULL_SCALE = 32768.0
_CLIPPED = 32767  # from here on, and below its negative, a sample is at the end of the scale
LOWEST_DBFS = -110.0  # of digital silence, which has no logarithm


class Level(NamedTuple):
    """One window of samples: loudness around its mean, and the largest of them, in dB of full scale."""

    rms_dbfs: float
    peak_dbfs: float
    clipped_samples: int
    samples: int


class LevelMeter:
    """Measures chunks; each of `on_level` is called in the thread that delivers them, with every whole window.

    It is quick and raises nothing as long as they do so. A chunk is in one window or in the other: the length
    of a window is `window_s`, rounded up to chunks.
    """

    def __init__(self, window_s: float, *on_level: Callable[[Level], None]) -> None:
        self._window_ns = round(window_s * NS_PER_S)
        self._on_level = on_level
        self._begin()

    def _begin(self) -> None:
        self._samples = self._clipped = self._peak = self._duration_ns = 0
        self._sum = self._squares = 0.0

    def take(self, chunk: AudioChunk) -> None:
        """Measure a chunk."""
        if not len(chunk.samples):
            return
        high, low = int(chunk.samples.max()), int(chunk.samples.min())
        self._peak = max(self._peak, high, -low)
        if high >= _CLIPPED or low <= -_CLIPPED:
            self._clipped += int(np.count_nonzero((chunk.samples >= _CLIPPED) | (chunk.samples <= -_CLIPPED)))
        samples = chunk.samples.astype(np.float32)
        self._sum += float(samples.sum())
        self._squares += float(np.dot(samples, samples))
        self._samples += len(samples)
        self._duration_ns += len(samples) * NS_PER_S // chunk.sample_rate_hz
        if self._duration_ns >= self._window_ns:
            level = self._level()
            self._begin()
            for tell in self._on_level:
                tell(level)

    def _level(self) -> Level:
        mean = self._sum / self._samples
        variance = max(0.0, self._squares / self._samples - mean * mean)
        return Level(dbfs(math.sqrt(variance)), dbfs(self._peak), self._clipped, self._samples)


def dbfs(amplitude: float) -> float:
    """An amplitude on int16 scale in dB of full scale."""
    if amplitude <= 0.0:
        return LOWEST_DBFS
    return max(LOWEST_DBFS, 20.0 * math.log10(amplitude / _FULL_SCALE))
