"""Sounds without a word in them, endless: silence, white noise, and a recording over and over."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_asr.audio.chunk import Samples
from edge_asr.audio.replay import FileSource
from edge_asr.bench.full_speed import CHUNK_MS
from edge_asr.clock import Clock

_RATE_HZ = 16_000
_CHUNK_SAMPLES = _RATE_HZ * CHUNK_MS // 1000
_WHITE_DBFS = -30.0  # as loud as a voice at two metres
_SEED = 11


@dataclass(frozen=True, slots=True)
class Sound:
    """`endless` gives int16 chunks (n,) without an end; each call begins anew."""

    name: str
    sample_rate_hz: int
    endless: Callable[[], Iterator[Samples]]

    def chunks(self, seconds: float) -> Iterator[Samples]:
        """So much of it."""
        left = round(seconds * self.sample_rate_hz)
        for samples in self.endless():
            if left <= 0:
                return
            yield samples[:left]
            left -= len(samples)


def all_sounds(recordings: Sequence[Path], clock: Clock) -> list[Sound]:
    """Silence, white noise and the recordings. Raises AudioFileError."""
    white = f"white noise, {_WHITE_DBFS:g} dBFS"
    built_in = [Sound("silence", _RATE_HZ, _silence), Sound(white, _RATE_HZ, _white_noise)]
    return [*built_in, *(_looped(path, clock) for path in recordings)]


def _silence() -> Iterator[Samples]:
    while True:
        yield np.zeros(_CHUNK_SAMPLES, np.int16)


def _white_noise() -> Iterator[Samples]:
    rms = 32768.0 * 10 ** (_WHITE_DBFS / 20)
    random = np.random.default_rng(_SEED)
    while True:
        yield np.clip(random.normal(0.0, rms, _CHUNK_SAMPLES), -32768, 32767).astype(np.int16)


def _looped(path: Path, clock: Clock) -> Sound:
    source = FileSource(path, clock, CHUNK_MS)

    def endless() -> Iterator[Samples]:
        while True:
            for chunk in source.chunks():
                yield chunk.samples

    return Sound(path.name, source.sample_rate_hz, endless)
