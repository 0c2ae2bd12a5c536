"""Whether a microphone lives, told by the samples that arrive: several faults of sound systems raise nothing.

A chunk whose samples all have one value was not heard by a microphone, which always hisses: a mute switch, a cable, a
card without one. It passes for life and is none.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from edge_asr.audio.chunk import AudioChunk
from edge_asr.clock import NS_PER_S

Vitality = Literal["awaited", "hearing", "silent", "gone"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long nothing may come before the first chunk and after it, and how long one value only; 0: for ever."""

    first_chunk_s: float
    no_chunk_s: float
    one_value_s: float


class Verdict(NamedTuple):
    """How it is now; and in how many seconds it may be otherwise although nothing happens, None: it will not."""

    vitality: Vitality
    due_s: float | None


class Vitals:
    """Signs of life of one opening. `take` is for the one thread that delivers, `judge` for any other."""

    def __init__(self, opened_ns: int) -> None:
        self._opened_ns = opened_ns
        self._last_ns: int | None = None  # of the newest chunk
        self._sound_ns: int | None = None  # of the newest that was more than one value; at first, of the first of all
        self._awake_ns = opened_ns

    def take(self, chunk: AudioChunk) -> None:
        """Look at a chunk. Quick, and it raises nothing."""
        samples = chunk.samples
        # Nearly always the first and the last sample tell already.
        sounds = len(samples) > 0 and bool(samples[0] != samples[-1] or samples.min() != samples.max())
        if sounds or self._sound_ns is None:
            self._sound_ns = chunk.captured_ns
        self._last_ns = chunk.captured_ns

    def opened(self, now_ns: int) -> None:
        """It took until now to open it."""
        self._opened_ns = now_ns

    def stood_still(self, until_ns: int) -> None:
        """The process was not there to take anything: what the sound system has kept for it is still to come."""
        self._awake_ns = until_ns

    def age_s(self, now_ns: int) -> float:
        """Seconds since anything came, since it was opened, or since the process was there to take it."""
        return (now_ns - max(self._last_ns or self._opened_ns, self._awake_ns)) / NS_PER_S

    def judge(self, limits: Limits, now_ns: int) -> Verdict:
        """How it is at `now_ns`."""
        limit_s = limits.no_chunk_s if self._last_ns is not None else max(limits.no_chunk_s, limits.first_chunk_s)
        left_s = limit_s - self.age_s(now_ns)
        if left_s <= 0:
            return Verdict("gone", None)
        if self._sound_ns is None:
            return Verdict("awaited", left_s)
        if limits.one_value_s == 0:
            return Verdict("hearing", left_s)
        sound_left_s = limits.one_value_s - (now_ns - max(self._sound_ns, self._awake_ns)) / NS_PER_S
        if sound_left_s <= 0:
            return Verdict("silent", left_s)
        return Verdict("hearing", min(left_s, sound_left_s))
