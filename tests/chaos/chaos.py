"""Faults at random moments, from a seed: they overlap as they please, and are all mended at the end."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_asr.demo.broker import Broker
from tests.chaos.disk import Disk, small_disk
from tests.chaos.life import End, Life
from tests.chaos.verdict import Span, Verdict, judge
from tests.sinks.subscriber import Subscriber
from tests.tcp_proxy import TcpProxy
from tests.waiting import wait_until

_NS_PER_S = 1_000_000_000
_RETRY_NS = 12 * _NS_PER_S  # after so long a disk that refused has been tried again
_END_DEADLINE_S = 60.0
_LAST_LIVES = 5
_FILE_LIMIT_BYTES = 1000  # less than any spool
_PAUSE_S = (0.02, 0.7)
_MENDS = 2.5  # how much likelier what is broken is mended than anything else breaks

Act = tuple[str, float, Callable[[], object]]  # what to count it as, empty for a mend; its weight; and how


class Chaos:
    """The daemon behind a proxy, the broker, the disk: each can be broken and mended. `faults` counts by kind."""

    def __init__(self, seed: int, folder: Path, broker: Broker, proxy: TcpProxy, disk: Disk) -> None:
        self.faults: Counter[str] = Counter()
        self.lives: list[Life] = []
        self.no_disk: list[Span] = []
        self._random = random.Random(seed)  # noqa: S311 - faults, no secrets
        self._folder = folder
        self._broker, self._proxy, self._disk = broker, proxy, disk
        self._broker_is, self._held, self._full, self._limited = "up", False, False, False
        self._begin_life()

    @property
    def said(self) -> int:
        return sum(len(life.said) for life in self.lives)

    def run(self, faults: int, finals: int) -> None:
        """Break and mend until there were so many of both."""
        while self.faults.total() < faults or self.said < finals:
            time.sleep(self._random.uniform(*_PAUSE_S))
            assert self._life.runs, f"the daemon ended by itself:\n{self._life.log}"
            acts = self._acts()
            [(kind, _, act)] = self._random.choices(acts, [weight for _, weight, _ in acts])
            act()
            if kind:
                self.faults[kind] += 1

    def mend_all(self) -> None:
        if self._broker_is != "up":
            self._mend_broker()
        if self._held:
            self._flow()
        if self._full:
            self._free()
        if self._limited:
            self._unlimit()

    def close(self) -> None:
        for life in self.lives:
            life.abandon()

    @property
    def _life(self) -> Life:
        return self.lives[-1]

    def deliver(self, subscriber: Subscriber) -> None:
        """With everything mended, end as a daemon should, until no file holds anything for another life."""
        for _ in range(_LAST_LIVES):
            self._await_words()
            while any(span.end_ns > time.monotonic_ns() for span in self.no_disk):
                time.sleep(0.1)
            _await(subscriber, self._life.said[-1].payload)
            self._life.end("told to stop")
            if not self._life.rows:
                _await(subscriber, self._life.said[-1].payload)
                return
            self._begin_life()
        raise AssertionError(f"finals are still in the file after {_LAST_LIVES} lives:\n{self.lives[-2].log}")

    def _acts(self) -> list[Act]:
        acts: list[Act] = [
            ("daemon killed", 1.0, lambda: self._next_life("killed")),
            ("daemon told to stop", 0.2, lambda: self._next_life("told to stop")),
            ("connections reset", 1.0, self._proxy.cut),
        ]
        if self._broker_is == "up":
            acts.append(("broker stopped", 0.8, self._stop_broker))
            acts.append(("broker suspended", 0.8, self._suspend_broker))
        else:
            acts.append(("", _MENDS, self._mend_broker))
        acts.append(("", _MENDS, self._flow) if self._held else ("network held up", 0.8, self._hold))
        if self._disk.fillable:
            acts.append(("", _MENDS / 2, self._free) if self._full else ("disk full", 0.3, self._fill))
        if self._limited:
            acts.append(("", _MENDS / 2, self._unlimit))
        elif self._life.said:
            acts.append(("files limited", 0.15, self._limit))
        return acts

    def _begin_life(self) -> None:
        folder = self._folder / f"life-{len(self.lives)}"
        self.lives.append(Life(self._proxy.port, self._disk.path / "spool.sqlite", folder))

    def _next_life(self, end: End) -> None:
        """Some are ended before they have said a word, some when they have just begun, others later."""
        if self._random.random() < 0.7:
            self._await_words()
        elif end == "told to stop":
            self._await_words()  # before that the signal ends Python, which is no matter of the spool
        self._life.end(end)
        if self._limited:
            self._unlimited_now()
        self._begin_life()

    def _await_words(self) -> None:
        wait_until(lambda: self._life.said or not self._life.runs, 30, "the first words of a daemon")
        assert self._life.said, f"the daemon ended before it said a word:\n{self._life.log}"

    def _stop_broker(self) -> None:
        self._broker.stop()
        self._broker_is = "down"

    def _suspend_broker(self) -> None:
        self._broker.suspend()
        self._broker_is = "suspended"

    def _mend_broker(self) -> None:
        if self._broker_is == "down":
            self._broker.start()
        else:
            self._broker.resume()
        self._broker_is = "up"

    def _hold(self) -> None:
        self._proxy.hold()
        self._held = True

    def _flow(self) -> None:
        """What was held up arrives late; or never, as when a router has forgotten its connections meanwhile."""
        if self._random.random() < 0.5:
            self._proxy.cut()
        self._proxy.flow()
        self._held = False

    def _fill(self) -> None:
        self.no_disk.append(Span(time.monotonic_ns(), 2**63))
        self._disk.fill()
        self._full = True

    def _free(self) -> None:
        self._disk.free()
        self._full = False
        self._disk_again()

    def _limit(self) -> None:
        self.no_disk.append(Span(time.monotonic_ns(), 2**63))
        self._life.limit_files(_FILE_LIMIT_BYTES)
        self._limited = True

    def _unlimit(self) -> None:
        self._life.limit_files(None)
        self._unlimited_now()

    def _unlimited_now(self) -> None:
        self._limited = False
        self._disk_again()

    def _disk_again(self) -> None:
        if not (self._full or self._limited):
            for span in self.no_disk:
                span.end_ns = min(span.end_ns, time.monotonic_ns() + _RETRY_NS)


def _await(subscriber: Subscriber, payload: bytes) -> None:
    wait_until(lambda: payload in subscriber.payloads("/final"), _END_DEADLINE_S, "a final that was just said")


@contextmanager
def stage(seed: int, folder: Path) -> Iterator[tuple[Chaos, Subscriber]]:
    """All of it, running; the subscriber has a session that the broker keeps, and no limit to what waits in it."""
    with (
        small_disk(folder / "disk") as disk,
        Broker(persistence=True, lines=["max_queued_messages 0"]) as broker,
        TcpProxy(broker.port) as proxy,
        Subscriber(broker.port) as subscriber,
    ):
        chaos = Chaos(seed, folder, broker, proxy, disk)
        try:
            yield chaos, subscriber
        finally:
            chaos.mend_all()
            chaos.close()


def run(seed: int, folder: Path, faults: int, finals: int) -> tuple[Counter[str], Verdict]:
    """Break things until there were so many faults and finals, mend them, wait, and judge what was heard."""
    with stage(seed, folder) as (chaos, subscriber):
        chaos.run(faults, finals)
        chaos.mend_all()
        chaos.deliver(subscriber)
        arrived = subscriber.payloads("/final")
        return chaos.faults, judge(chaos.lives, arrived, chaos.no_disk)
