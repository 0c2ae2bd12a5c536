"""Where the sound begins in a file, by energy alone; independent of voice detector and recognizer."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_asr.audio.replay import FileSource
from edge_asr.clock import Clock

_FRAME_S = 0.01
_SHARE = 0.1  # of the loud frames' level: 20 dB below them
_LOUD_PERCENTILE = 95
_RUN_FRAMES = 3  # a click is shorter


def sound_onset_s(path: Path, clock: Clock) -> float:
    """Start of the first 30 ms that stay above a tenth of the level of speech, in seconds from the file's first sample.

    A soft first consonant may begin some 50 ms earlier. 0.0 when nothing stands out. Raises AudioFileError.
    """
    source = FileSource(path, clock)
    samples = np.concatenate([chunk.samples for chunk in source.chunks()]).astype(np.float64)
    return onset_s(samples, source.sample_rate_hz)


def onset_s(samples: NDArray[np.float64], sample_rate_hz: int) -> float:
    """The same for samples of shape (n,)."""
    size = round(sample_rate_hz * _FRAME_S)
    count = len(samples) // size
    if count < _RUN_FRAMES:
        return 0.0
    level = np.sqrt((samples[: count * size].reshape(count, size) ** 2).mean(axis=1))
    loud = level > _SHARE * np.percentile(level, _LOUD_PERCENTILE)
    runs = np.lib.stride_tricks.sliding_window_view(loud, _RUN_FRAMES).all(axis=1)
    return int(np.argmax(runs)) * _FRAME_S
