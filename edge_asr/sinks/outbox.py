"""What waits for the broker, what is on its way there, and what became of it: each event is delivered or counted."""

import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from edge_asr.clock import NS_PER_S
from edge_asr.metrics import Metrics
from edge_asr.sinks.message import Message, Receipt
from edge_asr.sinks.spool import Spool
from edge_asr.sinks.stop_times import left_s

_LOOK_S = 0.1  # between two looks at what is in flight when nothing else happens
_LAST_WRITE_S = 0.3  # for the spool's file to be closed at the end


class _Sent(NamedTuple):
    message: Message
    receipt: Receipt


class Outbox:
    """Bounded queue in front of one sender thread. Each event leaves it once: arrived, or dropped under one reason.

    `put`, `put_state` and the connection's `up` and `down` are for any thread and never block; `take`, `sent`,
    `refused` and `settle` are the sender's. Nothing of a connection is called while the lock is held.

    ttl_s: how long an event may wait. waits: whether it may wait without a connection at all. spool: a shadow on disk
    of the events that are to be kept; it hears of each when it comes and when it leaves.
    """

    def __init__(
        self,
        capacity: int,
        window: int,
        metrics: Metrics,
        ttl_s: float | None = None,
        waits: bool = True,
        spool: Spool | None = None,
    ) -> None:
        self._ttl_s = ttl_s
        self._waits = waits
        self._spool = spool
        self._capacity = capacity
        self._few = min(window, capacity // 2)  # that may wait before what is soon stale is not taken any more
        self._metrics = metrics
        self._changed = threading.Condition()  # guards all that follows
        self._waiting: deque[Message] = deque()
        self._states: dict[str, Message] = {}  # by topic: the newest of each
        self._unsent: dict[str, None] = {}  # topics of those that this connection has not had, in their order
        self._connected = False
        self._drain_ns: int | None = None  # once stopping: until when what waits is delivered
        self._left = False
        self._counted = False
        self._in_hand: Message | None = None  # taken, and not yet sent
        self._in_flight: deque[_Sent] = deque()

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._connected

    @property
    def stopping(self) -> bool:
        """Whether `begin_stop` was called."""
        return self._drain_ns is not None

    @property
    def has_left(self) -> bool:
        """Whether `leave` was called."""
        return self._left

    @property
    def in_flight(self) -> int:
        """How many were sent and are not settled."""
        return len(self._in_flight)

    def drain_left_s(self) -> float:
        """Seconds left to deliver what waits; 0 when not stopping."""
        return 0.0 if self._drain_ns is None else left_s(self._drain_ns)

    def put(self, message: Message) -> None:
        """Queue an event. A partial (QoS 0) is dropped while the broker is away or slow.

        So is all that is soon stale while it is slow: whoever floods us with questions must not push finals out.
        """
        passing = message.qos == 0 or message.stale_s is not None
        with self._changed:
            if self._drain_ns is not None:
                self._drop("stopped")
            elif not self._connected and not self._may_wait(message):
                self._drop("offline")
            elif passing and len(self._waiting) >= self._few:
                self._drop("slow_broker")
            else:
                self._expire()
                ticket = self._spool.hold(message.payload) if self._spool is not None and message.keep else None
                self._waiting.append(message._replace(ticket=ticket, expires_ns=self._stale_ns(message)))
                self._shorten()
                self._changed.notify_all()

    def put_first(self, messages: Iterable[Message]) -> None:
        """Queue, before all others, what an earlier process left in the spool."""
        with self._changed:
            if self._drain_ns is None:
                self._waiting.extendleft(reversed(list(messages)))
                self._expire()
                self._shorten()
                self._changed.notify_all()

    def expires_ns(self, age_s: float) -> int | None:
        """When an event that has waited for `age_s` is no longer worth sending; None for never."""
        return None if self._ttl_s is None else time.monotonic_ns() + round((self._ttl_s - age_s) * NS_PER_S)

    def put_state(self, state: Message) -> None:
        """The newest state of its topic, in place of the one before; it is sent again on each new connection."""
        with self._changed:
            self._states[state.topic] = state
            self._unsent[state.topic] = None
            self._changed.notify_all()

    def repeat_states(self) -> None:
        """Send all states once more, in the order in which their topics first came."""
        with self._changed:
            self._unsent = dict.fromkeys(self._states)
            self._changed.notify_all()

    def up(self) -> bool:
        """There is a connection; False when it comes after `leave`, and nobody says goodbye on it."""
        with self._changed:
            self._connected = True
            self._tell_spool(away=False)
            self._unsent = dict.fromkeys(self._states)
            self._changed.notify_all()
            return not self._left

    def down(self) -> bool:
        """The connection is gone, and the partials that waited with it; whether there was one."""
        with self._changed:
            stood, self._connected = self._connected, False
            self._tell_spool(away=True)
            lost = sum(not self._may_wait(message) for message in self._waiting)
            self._waiting = deque(message for message in self._waiting if self._may_wait(message))
            if lost:
                self._drop("offline", lost)
            return stood

    def wait_for_work(self) -> bool:
        """Wait until there is something to send and somebody to send it to; False when the end has come.

        While something is in flight it returns now and then without either, for `settle` to be called.
        """
        with self._changed:
            while True:
                self._expire()
                some = bool(self._waiting or (self._unsent and self._connected))
                if self._drain_ns is not None and (not some or self.drain_left_s() <= 0):
                    return False
                if some and self._connected:
                    return True
                if not self._changed.wait(self._wait_s()) and self._connected and self._in_flight:
                    return True

    def take(self) -> Message | None:
        """The next message, if there is one; `sent` or `refused` says what became of it."""
        with self._changed:
            if not self._left:
                if self._unsent:
                    topic = next(iter(self._unsent))
                    del self._unsent[topic]
                    self._in_hand = self._states[topic]
                elif self._connected:
                    self._expire()
                    if self._waiting:
                        self._in_hand = self._waiting.popleft()
            return self._in_hand

    def sent(self, receipt: Receipt) -> None:
        """What was taken is on its way."""
        with self._changed:
            message, self._in_hand = self._in_hand, None
            if message is not None and not self._counted:
                self._in_flight.append(_Sent(message, receipt))

    def refused(self, why: str = "queue_full") -> None:
        """What was taken cannot be sent."""
        with self._changed:
            message, self._in_hand = self._in_hand, None
            if message is not None and not message.retain and not self._counted:
                self._drop("offline" if message.qos == 0 else why)
                self._release(message)

    def settle(self, wait_s: float) -> bool:
        """Take the oldest in flight off when it has arrived or is lost, and count it then; False when there is none."""
        if not self._in_flight or not self._in_flight[0].receipt.settled(wait_s):
            return False
        with self._changed:
            if self._counted:
                return False
            message, receipt = self._in_flight.popleft()
            if receipt.lost or (receipt.refused and not message.retain):
                self._drop("refused" if receipt.refused else "offline")
            self._release(message)
            return True

    def send_again(self) -> None:
        """What is in flight on a connection that will not come back waits again, before all others. The sender's.

        Partials are lost with it; states are sent again on each new connection anyway.
        """
        with self._changed:
            messages = [sent.message for sent in self._in_flight if not sent.message.retain]
            self._in_flight.clear()
            if self._counted:
                return
            self._waiting.extendleft(message for message in reversed(messages) if message.qos)
            lost = sum(not message.qos for message in messages)
            if lost:
                self._drop("offline", lost)

    def begin_stop(self, drain_ns: int) -> bool:
        """Take nothing more, deliver until `drain_ns`; False when that was said before."""
        with self._changed:
            if self._drain_ns is not None:
                return False
            self._drain_ns = drain_ns
            self._tell_spool(away=True)  # there may be little time left to write
            self._changed.notify_all()
            return True

    def leave(self) -> bool:
        """Hand out nothing more; whether there is a connection to say goodbye on."""
        with self._changed:
            self._left = True
            return self._connected

    def count_the_rest(self) -> int:
        """Count as lost, and return, how many events have neither arrived by now nor are on disk for the next start.

        After that nothing is counted, and the spool is closed.
        """
        with self._changed:
            self._counted = True
            rest = list(self._waiting) + ([self._in_hand] if self._in_hand else [])
            self._waiting.clear()
            sent = list(self._in_flight)
        for message, receipt in sent:
            if receipt.lost or receipt.refused or not receipt.settled(0):
                rest.append(message)
            else:
                self._release(message)
        saved = frozenset() if self._spool is None else self._spool.finish(_LAST_WRITE_S)
        lost = sum(not message.retain and message.ticket not in saved for message in rest)
        if lost:
            self._drop("stopped", lost)
        return lost

    def _stale_ns(self, message: Message) -> int | None:
        ends = [self.expires_ns(0.0)]
        if message.stale_s is not None:
            ends.append(time.monotonic_ns() + message.stale_s * NS_PER_S)
        return min((end for end in ends if end is not None), default=None)

    def _may_wait(self, message: Message) -> bool:
        return self._waits and message.qos > 0

    def _wait_s(self) -> float | None:
        """Until when nothing happens by itself, in seconds; None for never."""
        times = [self.drain_left_s()] if self._drain_ns is not None else []
        if self._connected and self._in_flight:
            times.append(_LOOK_S)
        if self._waiting and self._waiting[0].expires_ns is not None:
            times.append(left_s(self._waiting[0].expires_ns))
        return min(times, default=None)

    def _expire(self) -> None:
        """Drop what has waited for too long; the oldest stands in front."""
        while self._waiting and (end_ns := self._waiting[0].expires_ns) is not None and left_s(end_ns) <= 0:
            self._release(self._waiting.popleft())
            self._drop("expired")

    def _shorten(self) -> None:
        while len(self._waiting) > self._capacity:
            self._release(self._waiting.popleft())  # the oldest: what was just said matters most in a house
            self._drop("queue_full")

    def _tell_spool(self, away: bool) -> None:
        if self._spool is not None:
            self._spool.broker_away(away)

    def _release(self, message: Message) -> None:
        if self._spool is not None and message.ticket is not None:
            self._spool.release(message.ticket)

    def _drop(self, reason: str, count: int = 1) -> None:
        self._metrics.events_dropped.labels(sink="mqtt", reason=reason).inc(count)
