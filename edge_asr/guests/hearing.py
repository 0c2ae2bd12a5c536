"""One guest's way through the house: a pipeline of its own around the shared recognizer."""

from typing import Any, Protocol

from edge_asr.asr.rescorer import never
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.events import Event
from edge_asr.observation import Observation
from edge_asr.pipeline import Pipeline
from edge_asr.second_pass import SecondPass, heard_again
from edge_asr.stamp import CaptureClock, Stamp


class Hearing:
    """One thread, one stream from its first chunk to its last.

    capture_clock: the one that the stamp asks; None for what was recorded before. second_pass: of this guest alone.
    """

    def __init__(
        self,
        pipeline: Pipeline[Any],
        stamp: Stamp,
        second_pass: SecondPass | None,
        capture_clock: CaptureClock | None,
        language: str,
    ) -> None:
        self._pipeline = pipeline
        self._stamp = stamp
        self._second_pass = second_pass
        self._capture_clock = capture_clock
        self.language = language

    def hear(self, chunk: AudioChunk, *, partials: bool) -> list[Event]:
        """Events of the next chunk. Raises RecognitionError."""
        if self._capture_clock is not None:
            self._capture_clock.observe(chunk)
        return self._events(self._pipeline.process(chunk, partials=partials))

    def end(self) -> list[Event]:
        """Events of what is still inside. Raises RecognitionError."""
        return self._events(self._pipeline.end(EndReason.END_OF_INPUT))

    def _events(self, seen: list[Observation]) -> list[Event]:
        return [self._stamp.event(heard_again(one, self._second_pass, never)) for one in seen]


class MakeHearing(Protocol):
    """Makes one; in the guest's own thread, because it may have to load a voice detector."""

    def __call__(self, *, live: bool) -> Hearing:
        """live: it is being said now, so that latencies mean something."""
        ...
