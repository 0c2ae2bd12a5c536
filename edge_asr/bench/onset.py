"""Where a sound begins, by energy alone; independent of voice detector and recognizer."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_asr.audio.replay import FileSource
from edge_asr.clock import Clock

_FRAME_S = 0.01
_SHARE = 0.1  # of the loud frames' level: 20 dB below them
_LOUD_PERCENTILE = 95
_RUN_FRAMES = 3  # a click is shorter


def sound_level(path: Path, clock: Clock) -> float:
    """Level above which a frame of this file counts as sound: a tenth of that of its loud frames.

    A soft first consonant stays below it and may begin some 50 ms earlier. Raises AudioFileError.
    """
    source = FileSource(path, clock)
    samples = np.concatenate([chunk.samples for chunk in source.chunks()])
    levels = _levels(samples, source.sample_rate_hz)
    return _SHARE * float(np.percentile(levels, _LOUD_PERCENTILE)) if len(levels) else 0.0


def onset_s(samples: NDArray[np.int16], sample_rate_hz: int, level: float) -> float | None:
    """Start of the first 30 ms of `samples`, int16 (n,), that stay above `level`, in seconds; None: there are none."""
    loud = _levels(samples, sample_rate_hz) > level
    if len(loud) < _RUN_FRAMES:
        return None
    runs = np.lib.stride_tricks.sliding_window_view(loud, _RUN_FRAMES).all(axis=1)
    return int(np.argmax(runs)) * _FRAME_S if runs.any() else None


def _levels(samples: NDArray[np.int16], sample_rate_hz: int) -> NDArray[np.float64]:
    """Root mean square of each whole frame of 10 ms."""
    size = round(sample_rate_hz * _FRAME_S)
    frames = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    levels: NDArray[np.float64] = np.sqrt((frames**2).mean(axis=1))
    return levels
