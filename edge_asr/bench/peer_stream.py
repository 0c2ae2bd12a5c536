"""One stream of a peer at the microphone: sound in blocks, and what it says with the moment at which it said it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal

from edge_asr.bench.recorder import RATE_HZ
from edge_asr.clock import NS_PER_S

Answer = Callable[..., None]  # its fields are those of a `Saying`
_SAMPLE_BYTES = 2


class PeerStream(ABC):
    """What it says goes to `answer`, with the time of now: the way to us costs it nothing. One thread."""

    def __init__(self, answer: Answer, block_samples: int) -> None:
        self._answer = answer
        self._block_bytes = _SAMPLE_BYTES * block_samples
        self._rest = b""
        self._arrived_samples = 0
        self._begin_ns: int | None = None  # of the first sample: what arrives late has waited somewhere
        self.taken_s = 0.0  # of sound that it was given

    def hear(self, data: bytes, now_ns: int) -> None:
        """Take mono s16le at RATE_HZ that arrived now; whatever is computed for it is computed in here."""
        self._rest += data
        self._arrived_samples += len(data) // _SAMPLE_BYTES
        begin_ns = now_ns - self._arrived_samples * NS_PER_S // RATE_HZ
        self._begin_ns = begin_ns if self._begin_ns is None else min(self._begin_ns, begin_ns)
        while len(self._rest) >= self._block_bytes:
            block, self._rest = self._rest[: self._block_bytes], self._rest[self._block_bytes :]
            self.taken_s += len(block) / _SAMPLE_BYTES / RATE_HZ
            self.take(block)

    def say(
        self,
        kind: Literal["open", "text", "final"],
        segment: str,
        began_s: float,
        *,
        has_text: bool,
        decided_ms: float | None = None,
    ) -> None:
        """Tell it. began_s: where it places the beginning of the segment, in seconds of its stream."""
        at_ns = time.monotonic_ns()
        if self._begin_ns is not None:
            began_ns = self._begin_ns + round(began_s * NS_PER_S)
            self._answer(
                kind=kind, at_ns=at_ns, segment=segment, began_ns=began_ns, has_text=has_text, decided_ms=decided_ms
            )

    @abstractmethod
    def take(self, block: bytes) -> None:
        """Give the peer one block."""

    @abstractmethod
    def close(self) -> None:
        """End the stream; what it still says is not heard."""


class Segments:
    """The segments of a peer that shows its text so far, and says when one is over. One thread."""

    def __init__(self, stream: PeerStream) -> None:
        self._stream = stream
        self._number = 1
        self._began_s: float | None = None  # None: nothing is said of this one yet
        self._since_s = 0.0  # the one before was over then: where its peer does not tell, this one began no earlier
        self._shown = ""

    def opened(self, began_s: float) -> None:
        """It hears somebody speak, as it says, since then."""
        self._began_s = began_s
        self._stream.say("open", str(self._number), began_s, has_text=False)

    def shows(self, text: str) -> None:
        """Its text so far; where nothing new stands in it, nothing is told."""
        if text and text != self._shown:
            self._shown = text
            self._began_s = self._since_s if self._began_s is None else self._began_s
            self._stream.say("text", str(self._number), self._began_s, has_text=True)

    def over(self, text: str, decided_ns: int, began_s: float | None = None) -> None:
        """It is over, as was decided then; `began_s` where it is known better now. Without text or any before: nothing.

        decided_ns: on the monotonic clock, now or before.
        """
        if text or self._began_s is not None:
            known_s = self._since_s if self._began_s is None else self._began_s
            decided_ms = (time.monotonic_ns() - decided_ns) / 1e6
            segment, has_text = str(self._number), bool(text)
            at_s = known_s if began_s is None else began_s
            self._stream.say("final", segment, at_s, has_text=has_text, decided_ms=decided_ms)
        self._number += 1
        self._began_s, self._shown, self._since_s = None, "", self._stream.taken_s
