"""Where a sound begins and where it ends, by energy alone; independent of voice detector and recognizer."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_asr.audio.replay import FileSource
from edge_asr.clock import Clock

_FRAME_S = 0.01
_SHARE = 0.1  # of the loud frames' level: 20 dB below them
_LOUD_PERCENTILE = 95
_RUN_FRAMES = 3  # a click is shorter
_CLOSURE_FRAMES = 15
_WORD_FRAMES = 15


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
    runs = _runs(samples, sample_rate_hz, level)
    return int(np.argmax(runs)) * _FRAME_S if runs.any() else None


def speech_s(samples: NDArray[np.int16], sample_rate_hz: int, level: float) -> tuple[float, float] | None:
    """Beginning and end of what stays above `level` long enough for a word, in seconds; None: there is none.

    Sounds that a closed mouth may part (150 ms) are one stretch; a stretch below 150 ms is a knock or a click, with
    which recordings often begin and end. Silence around it does not count.
    """
    runs = np.flatnonzero(_runs(samples, sample_rate_hz, level))  # frames at which a run of sound begins
    stretches: list[NDArray[np.intp]] = np.split(
        runs, np.flatnonzero(np.diff(runs) > _RUN_FRAMES + _CLOSURE_FRAMES) + 1
    )
    words = [one for one in stretches if len(one) and one[-1] - one[0] + _RUN_FRAMES >= _WORD_FRAMES]
    return (int(words[0][0]) * _FRAME_S, (int(words[-1][-1]) + _RUN_FRAMES) * _FRAME_S) if words else None


def _runs(samples: NDArray[np.int16], sample_rate_hz: int, level: float) -> NDArray[np.bool_]:
    """Whether a run above `level` begins at each frame."""
    loud = _levels(samples, sample_rate_hz) > level
    if len(loud) < _RUN_FRAMES:
        return np.zeros(0, np.bool_)
    runs: NDArray[np.bool_] = np.logical_and.reduce(np.lib.stride_tricks.sliding_window_view(loud, _RUN_FRAMES), axis=1)
    return runs


def _levels(samples: NDArray[np.int16], sample_rate_hz: int) -> NDArray[np.float64]:
    """Root mean square of each whole frame of 10 ms."""
    size = round(sample_rate_hz * _FRAME_S)
    frames = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    levels: NDArray[np.float64] = np.sqrt((frames**2).mean(axis=1))
    return levels
