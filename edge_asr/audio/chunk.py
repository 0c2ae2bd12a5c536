"""What crosses the wall between capture and everything behind it."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """One captured block, mono, at the device's own rate.

    `first_sample` counts samples of this stream from 0: when it is not the end of the chunk before, samples are
    missing between the two, and that gap is data, not an error. `samples` is int16 of shape (n,) and is never
    written to again. `captured_ns` is CLOCK_MONOTONIC at the arrival of the newest sample.
    """

    stream_id: str
    first_sample: int
    samples: Samples
    sample_rate_hz: int
    captured_ns: int

    @property
    def duration_s(self) -> float:
        """Seconds of audio."""
        return len(self.samples) / self.sample_rate_hz

    @property
    def end_sample(self) -> int:
        """Index of the first sample after this chunk."""
        return self.first_sample + len(self.samples)
