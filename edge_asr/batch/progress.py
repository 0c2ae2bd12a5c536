"""How far it is: one bar over the seconds of sound, on a terminal alone; lines go above it."""

import sys
from collections.abc import Sequence
from typing import TextIO

from tqdm import tqdm

_FORMAT = "{desc} {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s of sound, {rate_fmt}, {remaining} left"


class BatchBar:
    """Bar over recordings of these lengths, 0.0 where a length is not known. One thread."""

    def __init__(self, lengths_s: Sequence[float], *, shown: bool) -> None:
        self._lengths_s = lengths_s
        self._heard_s = [0.0] * len(lengths_s)
        self._done = 0
        self._bar = tqdm(
            total=sum(lengths_s),
            disable=not shown,
            file=sys.stderr,
            unit="x",
            bar_format=_FORMAT,
            leave=False,
            smoothing=0.05,
        )
        self._name()

    def heard(self, number: int, audio_s: float) -> None:
        """So much of a recording is heard."""
        length_s = self._lengths_s[number]
        self._to(number, min(audio_s, length_s) if length_s else audio_s)

    def done(self, number: int) -> None:
        """A recording is done, or has failed: nothing of it is left to wait for."""
        self._done += 1
        self._to(number, self._lengths_s[number] or self._heard_s[number])
        self._name()

    def say(self, text: str, file: TextIO) -> None:
        """Write a line above the bar."""
        with self._bar.external_write_mode(file=file):
            print(text, file=file, flush=True)

    def close(self) -> None:
        """Take it away."""
        self._bar.close()

    def _to(self, number: int, heard_s: float) -> None:
        if not self._lengths_s[number]:
            self._bar.total += heard_s - self._heard_s[number]  # it becomes known as it is heard
        self._bar.update(heard_s - self._heard_s[number])
        self._heard_s[number] = heard_s

    def _name(self) -> None:
        self._bar.set_description_str(f"{self._done}/{len(self._lengths_s)} files", refresh=False)
