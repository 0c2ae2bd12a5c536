"""Whatever arrives, on whatever topic: nothing raises, and only a live, well-formed command does something."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_asr.controls import Controls, ControlValues
from edge_asr.metrics import Metrics
from edge_asr.sinks.homeassistant import announcement
from edge_asr.sinks.inbox import Inbox

CONFIGURED = ControlValues(mute=False, sensitivity=50)
OURS = ["edge_asr/k1/mute/set", "edge_asr/k1/sensitivity/set", "homeassistant/status"]
TOPICS = st.one_of(
    st.sampled_from([*OURS, "edge_asr/k2/mute/set", "edge_asr/k1/mute/state", "edge_asr/k1/mute/set/", "#", ""]),
    st.text(max_size=40),
)
PAYLOADS = st.one_of(st.sampled_from([b"ON", b"OFF", b"70", b"online", b"offline", b""]), st.binary(max_size=200))


class Hall:
    def __init__(self) -> None:
        self.controls = Controls(CONFIGURED, CONFIGURED, Metrics())
        self.announced = 0
        told = announcement("k1", "Kitchen", "edge_asr/k1", "1", 20.0)
        self.inbox = Inbox("edge_asr/k1", self.controls, told, self.announce)

    def announce(self) -> None:
        self.announced += 1


@given(TOPICS, PAYLOADS, st.booleans())
@example("edge_asr/k1/mute/set", b"ON", True)
@example("homeassistant/status", b"online", True)
def test_nothing_raises_and_nothing_retained_or_foreign_does_anything(
    topic: str, payload: bytes, retained: bool
) -> None:
    hall = Hall()
    hall.inbox.take(topic, payload, retained=retained)
    values, commanded, faults = hall.controls.take()
    assert (hall.announced == 1) == (topic == OURS[2] and payload == b"online" and not retained)
    if topic not in OURS[:2]:
        assert (values, commanded, faults) == (CONFIGURED, False, ())
    elif retained:
        assert (values, commanded) == (CONFIGURED, False)
        assert all("a retained message is refused" in fault for fault in faults)
        assert len(faults) == (1 if payload else 0)
    else:
        assert commanded != bool(faults)
    if values != CONFIGURED:
        assert commanded


def test_it_subscribes_to_what_it_takes_and_to_nothing_else() -> None:
    hall = Hall()
    assert hall.inbox.topics == OURS
    assert Inbox("edge_asr/k1", None, None, hall.announce).topics == []
    assert Inbox("edge_asr/k1", hall.controls, None, hall.announce).topics == OURS[:2]


def test_a_flood_of_online_announces_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = 1
    monkeypatch.setattr("edge_asr.sinks.inbox.time.monotonic_ns", lambda: now_ns)
    hall = Hall()
    for _ in range(1000):
        hall.inbox.take("homeassistant/status", b"online", retained=False)
        now_ns += 1_000_000
    assert hall.announced == 2  # in a second


def test_a_refused_subscription_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    hall = Hall()
    hall.inbox.refused([False, False, False])
    assert caplog.records == []
    hall.inbox.refused([False, True, True])
    [record] = caplog.records
    said = "does not let us subscribe to edge_asr/k1/sensitivity/set, homeassistant/status: what is sent there"
    assert said in record.getMessage()
