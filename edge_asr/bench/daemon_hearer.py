"""The real daemon as one of the hearers: what a subscriber receives of it, stamped on arrival."""

from datetime import datetime
from typing import Literal

from edge_asr.bench.saying import Saying
from edge_asr.bench.scene import Scene
from edge_asr.clock import Clock
from edge_asr.events import Event, FinalEvent, PartialEvent, SpeechEndedEvent, SpeechStartedEvent

NAME = "edge_asr"


class DaemonHearer:
    """Muted while it is not to hear: then it has closed its microphone."""

    def __init__(self, scene: Scene, clock: Clock) -> None:
        self.name = NAME
        self._scene = scene
        self._clock = clock

    def begin(self) -> None:
        """Open its microphone; an open one is left as it is."""
        self._scene.unmute()

    def next(self, wait_s: float) -> Saying | None:
        """The next event that says something of a segment."""
        event = self._scene.next(wait_s)
        return None if event is None else self._saying(event, self._clock.monotonic_ns())

    def end(self) -> None:
        """Close its microphone."""
        self._scene.mute()

    def _saying(self, event: Event, at_ns: int) -> Saying | None:
        if isinstance(event, SpeechStartedEvent):
            return Saying("open", at_ns, event.segment_id, self._ns_of(event.start, at_ns), False)
        if isinstance(event, PartialEvent | FinalEvent):
            kind: Literal["text", "final"] = "final" if isinstance(event, FinalEvent) else "text"
            decided_ms = event.latency_ms.decision if isinstance(event, FinalEvent) else None
            if decided_ms is not None:
                decided_ms += max(0, at_ns - self._ns_of(event.emitted_at, at_ns)) / 1e6
            return Saying(kind, at_ns, event.segment_id, self._ns_of(event.start, at_ns), bool(event.text), decided_ms)
        if isinstance(event, SpeechEndedEvent) and event.words == 0:  # there may be no final
            return Saying("final", at_ns, event.segment_id, at_ns, False)
        return None

    def _ns_of(self, wall: str, now_ns: int) -> int:
        """Wall time of an event on the monotonic clock."""
        return now_ns - round((self._clock.now() - datetime.fromisoformat(wall)).total_seconds() * 1e9)
