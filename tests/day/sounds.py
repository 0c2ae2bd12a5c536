"""What a house sounds like: recordings of people, noises, rooms and silences, in an order that the dice decide."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_asr.audio.replay import FileSource
from edge_asr.clock import SystemClock

Samples = NDArray[np.int16]
RATE_HZ = 16_000
RATES_HZ = (16_000, 44_100, 48_000)
_SUFFIXES = (".wav", ".flac")


def recordings(folder: Path) -> list[Path]:
    """Speech of an own folder or of ../shared/speech: all audio files below it but for the noises."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in _SUFFIXES and "noise" not in path.parts and "mandarin" not in path.parts
    )


class Household:
    """Stretches of sound at 16 kHz, endlessly; the same dice are the same day."""

    def __init__(self, speech: list[Path], noises: list[Path], dice: random.Random) -> None:
        self._speech, self._dice = speech, dice
        self._numbers = np.random.default_rng(dice.randrange(2**32))
        self._noises = [_read(path) for path in noises]

    def stretches(self) -> Iterator[Samples]:
        """About a fifth of it is speech."""
        while True:
            kind = self._dice.choices(("talk", "noise", "room", "zeros", "knock"), (5, 2, 4, 2, 1))[0]
            yield getattr(self, f"_{kind}")()

    def _talk(self) -> Samples:
        speech = _read(self._dice.choice(self._speech))
        return np.concatenate([self._room(1.5), speech, self._room(self._dice.choice((0.3, 1.5, 4.0)))])

    def _noise(self) -> Samples:
        if not self._noises:
            return self._hiss(600.0, 20.0)
        noise = self._dice.choice(self._noises)
        length = min(len(noise), 30 * RATE_HZ)
        begin = self._dice.randrange(len(noise) - length + 1)
        return noise[begin : begin + length]

    def _room(self, seconds: float | None = None) -> Samples:
        return self._hiss(20.0, seconds or self._dice.uniform(5.0, 60.0))

    @staticmethod
    def hush(seconds: float) -> Samples:
        """Nothing at all."""
        return np.zeros(round(seconds * RATE_HZ), np.int16)

    def _zeros(self) -> Samples:
        return self.hush(self._dice.uniform(1.0, 60.0))

    def _knock(self) -> Samples:
        bang = self._hiss(20.0, 3.0)
        bang[RATE_HZ : RATE_HZ + 800] = self._numbers.choice(np.array([-32768, 32767], np.int16), 800)
        return bang

    def _hiss(self, rms: float, seconds: float) -> Samples:
        return np.rint(self._numbers.normal(0.0, rms, round(seconds * RATE_HZ))).astype(np.int16)


def _read(path: Path) -> Samples:
    chunks = [chunk.samples for chunk in FileSource(path, SystemClock()).chunks()]
    return np.concatenate(chunks)
