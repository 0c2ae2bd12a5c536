"""What a recognizer says while a sentence is played to it, of ours and of a peer in the same words; and who says it."""

from typing import Literal, Protocol

import msgspec


class Saying(msgspec.Struct, frozen=True):
    """A segment was opened, has text now, or is final; `at_ns` on the monotonic clock is when whoever listens has it.

    began_ns: where the recognizer itself places the beginning of the segment. A final may be without text.
    decided_ms: how long before a final its speaker had decided that the segment was over: see each listener.
    """

    kind: Literal["open", "text", "final"]
    at_ns: int
    segment: str
    began_ns: int
    has_text: bool
    decided_ms: float | None = None


class Hearer(Protocol):
    """A recognizer at the microphone. One thread; every method raises EdgeAsrError when it fails."""

    name: str

    def begin(self) -> None:
        """Hear from now on; returns when it does."""
        ...

    def next(self, wait_s: float) -> Saying | None:
        """The next thing that it says, after waiting for it at most `wait_s`."""
        ...

    def end(self) -> None:
        """Hear nothing until it is to begin again, and cost nothing."""
        ...
