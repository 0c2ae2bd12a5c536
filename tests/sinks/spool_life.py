"""A life of a daemon as its spool sees it."""

import time
from datetime import UTC, datetime
from pathlib import Path

from edge_asr.events import FinalEvent, decode, encode
from edge_asr.metrics import Metrics
from edge_asr.sinks.message import Message
from edge_asr.sinks.outbox import Outbox
from edge_asr.sinks.spool import Kept, Spool
from tests import sample_events


class WallClock:
    """Wall time that the test sets."""

    def __init__(self, synced: bool = True) -> None:
        self.wall = datetime(2024, 5, 1, tzinfo=UTC)
        self.is_synced = synced

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def now(self) -> datetime:
        return self.wall

    def synced(self) -> bool:
        return self.is_synced


class Slip:
    lost = refused = False

    def __init__(self) -> None:
        self.arrived = False

    def settled(self, wait_s: float) -> bool:  # noqa: ARG002 - nothing to wait for
        return self.arrived


class Life:
    """One life of a daemon: an outbox with its spool, without a connection until the test says so."""

    def __init__(
        self,
        path: Path,
        capacity: int = 100,
        ttl_s: float | None = None,
        clock: WallClock | None = None,
        retry_s: float = 0.05,
        start: bool = True,
        sync_s: float = 0.05,
    ) -> None:
        self.path = path
        self.metrics = Metrics()
        self.spool = Spool(path, capacity, sync_s, self.metrics, clock or WallClock(), retry_s)
        self.outbox = Outbox(capacity, 20, self.metrics, ttl_s, spool=self.spool)
        self.back: list[Kept] = []
        if start:
            self.spool.start(self._take_back)
            self.spool.wait_opened(10)

    def _take_back(self, finals: list[Kept]) -> None:
        self.back += finals
        self.outbox.put_first(
            Message("final", each.payload, 1, False, True, each.ticket, self.outbox.expires_ns(each.age_s))
            for each in finals
        )

    def say(self, *texts: str) -> None:
        for text in texts:
            payload = encode(sample_events.final(text, f"s-{text}"))
            self.outbox.put(Message("final", payload, qos=1, keep=True))

    def send(self) -> Slip | None:
        message = self.outbox.take()
        if message is None:
            return None
        slip = Slip()
        self.outbox.sent(slip)
        return slip

    def deliver(self, count: int) -> None:
        for _ in range(count):
            slip = self.send()
            if slip is None:
                return
            slip.arrived = True
            assert self.outbox.settle(0)

    def waiting(self) -> list[str]:
        """What would be sent, in order; it is taken out of the queue."""
        self.outbox.up()
        texts = []
        while (message := self.outbox.take()) is not None:
            texts.append(text_of(message.payload))
            self.outbox.sent(Slip())
        return texts

    def stop(self) -> int:
        self.outbox.begin_stop(time.monotonic_ns())
        return self.outbox.count_the_rest()

    def dropped(self, reason: str) -> float:
        labels = {"sink": "mqtt", "reason": reason}
        return self.metrics.registry.get_sample_value("edge_asr_events_dropped_total", labels) or 0.0

    def on_disk(self) -> float:
        return self.metrics.registry.get_sample_value("edge_asr_spool_messages") or 0.0

    def faults(self) -> float:
        return self.metrics.registry.get_sample_value("edge_asr_sink_errors_total", {"sink": "spool"}) or 0.0


def text_of(payload: bytes) -> str:
    event = decode(payload)
    assert isinstance(event, FinalEvent)
    return event.text
