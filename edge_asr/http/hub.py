"""What everybody on the HTTP port hears: one bounded queue from the house's threads to the port's loop."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from edge_asr.audio.level_meter import Level
from edge_asr.events import Event, FinalEvent, PartialEvent
from edge_asr.metrics import Metrics

LEVEL_WINDOW_S = 0.1
_WAITING_AT_MOST = 256
_EVENT_TOPICS: dict[type, str] = {PartialEvent: "partial", FinalEvent: "final"}
_encoder = msgspec.json.Encoder()


class Frame(NamedTuple):
    """A message on its way. to: the one listener that it is for, None for all."""

    body: bytes
    to: str | None = None


def event_topic(event: Event) -> str:
    """Last part of its topic on the broker."""
    return _EVENT_TOPICS.get(type(event), "event")


def frame_of(topic: str, payload: object) -> bytes:
    """JSON of one message: the last part of the topic on the broker, and the same payload."""
    return _encoder.encode({"topic": topic, "payload": payload})


class Hub:
    """`event`, `tell` and `level` are for any thread and wait for nobody; `listen`, `take` and `deaf` are the loop's.

    While nobody listens nothing is encoded, but for the finals that are kept.
    """

    def __init__(self, keep_finals: int, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()  # guards all that follows
        self._finals: deque[FinalEvent] = deque(maxlen=keep_finals)
        self._waiting: deque[Frame] = deque()
        self._wake: Callable[[], None] | None = None
        self._woken = False

    def event(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, FinalEvent):
            with self._lock:
                self._finals.append(event)
        self.tell(event_topic(event), event)

    def tell(self, topic: str, payload: object, to: str | None = None) -> None:
        """Take a state, or an answer that is for one listener."""
        if not self.heard:  # asked without the lock: who begins to listen is told the present state
            return
        frame = Frame(frame_of(topic, payload), to)
        with self._lock:
            if self._wake is None:
                return
            if len(self._waiting) >= _WAITING_AT_MOST:
                self._metrics.events_dropped.labels(sink="http", reason="queue_full").inc()
                return
            self._waiting.append(frame)
            if not self._woken:
                self._woken = True
                self._wake()

    def level(self, level: Level) -> None:
        """Take the loudness of one short window. The delivering thread's."""
        if self.heard:
            body: dict[str, Any] = {
                "rms_dbfs": round(level.rms_dbfs, 1),
                "peak_dbfs": round(level.peak_dbfs, 1),
                "clipped": round(level.clipped_samples / level.samples, 4),
            }
            self.tell("level", body)

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return self._wake is not None

    @property
    def finals(self) -> list[FinalEvent]:
        """The last ones, as many as are kept."""
        with self._lock:
            return list(self._finals)

    def listen(self, wake: Callable[[], None]) -> None:
        """From now on `wake` is called, by any thread, when something waits; it must not block or raise."""
        with self._lock:
            self._wake = wake

    def deaf(self) -> None:
        """Nobody listens any more."""
        with self._lock:
            self._wake, self._woken = None, False
            self._waiting.clear()

    def take(self) -> list[Frame]:
        """All that waits."""
        with self._lock:
            self._woken = False
            frames = list(self._waiting)
            self._waiting.clear()
        return frames
