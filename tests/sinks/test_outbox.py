"""Each event arrives or is counted, once, whatever happens in between."""

import time
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.metrics import Metrics
from edge_asr.sinks.message import Message
from edge_asr.sinks.outbox import Outbox

FINAL = Message("final", b"words", qos=1)
PARTIAL = Message("partial", b"wor", qos=0)
STATE = Message("state", b"listening", qos=1, retain=True)
ANSWER = Message("mute/state", b"ON", qos=1, retain=True)


class Slip:
    """A receipt that the test fills in."""

    def __init__(self) -> None:
        self.arrived = self.lost = self.refused = False

    def settled(self, wait_s: float) -> bool:  # noqa: ARG002 - nothing to wait for
        return self.arrived or self.lost or self.refused


class Desk:
    """An outbox, and all that the test knows of it."""

    def __init__(self, waits: bool = True) -> None:
        self.metrics = Metrics()
        self.outbox = Outbox(capacity=4, window=2, metrics=self.metrics, waits=waits)
        self.slips: deque[tuple[Message, Slip]] = deque()
        self.put = 0
        self.arrived = 0

    def step(self, what: str) -> None:
        if what in {"final", "partial"}:
            self.put += 1
            self.outbox.put(FINAL if what == "final" else PARTIAL)
        elif what in {"state", "answer"}:
            self.outbox.put_state(STATE if what == "state" else ANSWER)
        elif what in {"repeat_states", "up", "down"}:
            getattr(self.outbox, what)()
        elif what == "send":
            self.hand_on()
        elif what == "refuse" and self.outbox.take() is not None:
            self.outbox.refused()
        elif what == "settle":
            while self.outbox.settle(0):
                pass
        elif what in {"ack", "lose", "deny"} and self.slips:
            message, slip = self.slips.popleft()
            slip.arrived, slip.lost, slip.refused = what == "ack", what == "lose", what == "deny"
            self.arrived += slip.arrived and not message.retain

    def hand_on(self) -> None:
        message = self.outbox.take()
        if message is not None:
            slip = Slip()
            self.slips.append((message, slip))
            self.outbox.sent(slip)

    def dropped(self) -> float:
        samples = [sample for family in self.metrics.registry.collect() for sample in family.samples]
        return sum(sample.value for sample in samples if sample.name == "edge_asr_events_dropped_total")


STEPS = st.sampled_from(
    [
        "final",
        "partial",
        "state",
        "answer",
        "repeat_states",
        "up",
        "down",
        "send",
        "refuse",
        "settle",
        "ack",
        "lose",
        "deny",
    ]
)


@given(st.lists(STEPS, max_size=60), st.booleans(), st.booleans())
def test_arrived_and_dropped_add_up(steps: list[str], in_hand: bool, waits: bool) -> None:
    desk = Desk(waits)
    for what in steps:
        # only a partial can be lost with its connection: of the others the connection keeps a copy
        desk.step("ack" if what == "lose" and desk.slips and desk.slips[0][0].qos else what)
    late = desk.outbox.take() if in_hand else None
    assert desk.outbox.begin_stop(time.monotonic_ns())
    desk.outbox.count_the_rest()
    assert desk.arrived + desk.dropped() == desk.put
    # what the sender learns afterwards changes no figure
    if late is not None:
        desk.outbox.sent(Slip())
    for _, slip in desk.slips:
        slip.lost = True
    assert not desk.outbox.settle(0)
    assert desk.arrived + desk.dropped() == desk.put


def test_after_leaving_nothing_is_handed_out_and_a_new_connection_is_too_late() -> None:
    desk = Desk()
    assert desk.outbox.up()
    desk.step("final")
    desk.step("state")
    assert desk.outbox.leave()
    assert desk.outbox.take() is None
    assert desk.outbox.down()
    assert not desk.outbox.up()
    assert desk.outbox.count_the_rest() == 1


def test_it_stops_once_and_takes_nothing_more() -> None:
    desk = Desk()
    assert desk.outbox.begin_stop(time.monotonic_ns())
    assert not desk.outbox.begin_stop(time.monotonic_ns() + 10**12)
    assert desk.outbox.drain_left_s() == 0.0
    desk.step("final")
    assert desk.dropped() == 1
    assert not desk.outbox.wait_for_work()


def test_of_each_topic_the_newest_state_is_sent_and_all_again_when_asked_or_connected() -> None:
    desk = Desk()
    old = STATE._replace(payload=b"starting")
    for message in (old, ANSWER, STATE):
        desk.outbox.put_state(message)

    def sent() -> list[Message]:
        before = len(desk.slips)
        for _ in range(5):
            desk.hand_on()
        return [message for message, _ in list(desk.slips)[before:]]

    assert desk.outbox.up()
    desk.step("final")
    assert sent() == [STATE, ANSWER, FINAL]
    assert sent() == []
    desk.outbox.repeat_states()
    assert sent() == [STATE, ANSWER]
    desk.outbox.down()
    desk.outbox.up()
    assert sent() == [STATE, ANSWER]


def test_what_is_soon_stale_never_costs_a_final_its_place() -> None:
    outbox, metrics = outbox_of(capacity=10)
    outbox.up()
    outbox.put(Message("final", b"first", qos=1, keep=True))
    for _ in range(500):  # somebody floods us with what asks for an answer
        outbox.put(Message("response", b"no", qos=1, stale_s=30))
    outbox.put(Message("final", b"last", qos=1, keep=True))
    sent = []
    while (message := outbox.take()) is not None:
        sent.append(message.payload)
        outbox.sent(Slip())
    assert (sent[0], sent[-1]) == (b"first", b"last")
    assert len(sent) < 10
    assert dropped(metrics, "slow_broker") == 502 - len(sent)
    assert dropped(metrics, "queue_full") == 0


def test_what_is_stale_by_now_is_not_sent_when_the_broker_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    outbox, metrics = outbox_of(capacity=10)
    now_ns = time.monotonic_ns()
    outbox.put(FINAL)
    outbox.put(Message("response", b"no", qos=1, stale_s=30))
    monkeypatch.setattr("time.monotonic_ns", lambda: now_ns + 31 * 1_000_000_000)
    outbox.put(Message("response", b"yes", qos=1, stale_s=30))
    outbox.up()
    sent = []
    while (message := outbox.take()) is not None:
        sent.append(message.payload)
        outbox.sent(Slip())
    assert sent == [b"words", b"yes"]
    assert dropped(metrics, "expired") == 1


def outbox_of(capacity: int) -> tuple[Outbox, Metrics]:
    metrics = Metrics()
    return Outbox(capacity, 20, metrics), metrics


def dropped(metrics: Metrics, reason: str) -> float:
    return metrics.registry.get_sample_value("edge_asr_events_dropped_total", {"sink": "mqtt", "reason": reason}) or 0.0
