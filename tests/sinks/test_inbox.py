"""Whatever arrives, on whatever topic: nothing raises, and only a live, well-formed command does something."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_asr.commands import CONTROLS, Reply
from edge_asr.controls import Controls, ControlValues, Due
from edge_asr.house_names import HouseNames
from edge_asr.metrics import Metrics
from edge_asr.names import Names
from edge_asr.sinks.homeassistant import announcement
from edge_asr.sinks.inbox import Inbox
from tests.fakes import HandClock

CONFIGURED = ControlValues(mute=False, sensitivity=50)
COMMANDS = [f"edge_asr/k1/{control}/set" for control in CONTROLS]
OURS = [*COMMANDS, "homeassistant/status"]
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
    assert (hall.announced == 1) == (topic == OURS[-1] and payload == b"online" and not retained)
    if topic not in COMMANDS:
        assert (values, commanded, faults) == (CONFIGURED, frozenset(), ())
    elif retained:
        assert (values, commanded) == (CONFIGURED, frozenset())
        assert all("a retained message is refused" in fault for fault in faults)
        assert len(faults) == (1 if payload else 0)
    else:
        assert bool(commanded) != bool(faults)
    if values != CONFIGURED:
        assert commanded


def test_it_subscribes_to_what_it_takes_and_to_nothing_else() -> None:
    hall = Hall()
    assert hall.inbox.topics == OURS
    assert Inbox("edge_asr/k1", None, None, hall.announce).topics == []
    assert Inbox("edge_asr/k1", hall.controls, None, hall.announce).topics == COMMANDS


def test_nor_where_we_listen_ourselves() -> None:
    hall = Hall()
    told = announcement("k1", "Kitchen", "edge_asr/k1", "1", 20.0, status_topic="house/birth")
    inbox = Inbox("edge_asr/k1", hall.controls, told, hall.announce)
    inbox.take("edge_asr/k1/mute/set", b"ON", retained=False, reply=Reply("house/birth", None))
    assert not hall.controls.take().values.mute


def test_a_flood_of_online_announces_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = 1
    monkeypatch.setattr("edge_asr.sinks.inbox.time.monotonic_ns", lambda: now_ns)
    hall = Hall()
    for _ in range(1000):
        hall.inbox.take("homeassistant/status", b"online", retained=False)
        now_ns += 1_000_000
    assert hall.announced == 2  # in a second


def test_a_refused_subscription_is_named_with_its_fix() -> None:
    hall = Hall()
    assert hall.inbox.refused([False] * (len(CONTROLS) + 1)) == ""
    said = hall.inbox.refused([False, True, *[False] * (len(CONTROLS) - 2), True])
    assert "does not let us subscribe to edge_asr/k1/sensitivity/set, homeassistant/status: what is sent there" in said
    assert said.endswith("topic read edge_asr/k1/sensitivity/set")


@pytest.mark.parametrize(
    "topic", ["edge_asr/k1/response/x", "edge_asr/k1/response", "my/answers", "homeassistant/my_script/answers"]
)
def test_a_response_goes_where_it_is_nothing_else(topic: str) -> None:
    hall = Hall()
    hall.inbox.take("edge_asr/k1/mute/set", b"ON", retained=False, reply=Reply(topic, b"7"))
    assert hall.controls.take().values.mute
    assert hall.controls.take_due() == (Due("mute", Reply(topic, b"7")),)


@pytest.mark.parametrize(
    "topic",
    [
        "edge_asr/k1/mute/set",
        "edge_asr/k2/final",
        "edge_asr/k1/final",
        "edge_asr/k1/responses",
        "homeassistant/device/other/config",
        "homeassistant/status",
        "hermes/asr/startListening",
        "zigbee2mqtt/lamp/set",
        "$SYS/x",
        "a/#",
        "a/+/b",
        "x" * 201,
    ],
)
def test_nobody_has_us_publish_what_could_be_taken_for_something_else(topic: str) -> None:
    hall = Hall()
    hall.inbox.take("edge_asr/k1/mute/set", b"ON", retained=False, reply=Reply(topic, None))
    values, commanded, [fault] = hall.controls.take()
    assert (values.mute, commanded, hall.controls.take_due()) == (False, frozenset(), ())
    assert fault.startswith(f"mute/set: the response topic {topic[:200]!r} is refused; name one below edge_asr/k1/resp")


@given(PAYLOADS, st.booleans())
def test_names_of_the_house_are_a_state_that_may_lie_there(payload: bytes, retained: bool) -> None:
    hall = Hall()
    names = HouseNames("house/names", Path("/dev/null/names.json"), HandClock(), Metrics())
    inbox = Inbox("edge_asr/k1", hall.controls, None, hall.announce, names=names)
    assert inbox.topics == [*COMMANDS, "house/names"]
    assert "house/names" not in inbox.command_topics
    inbox.take("house/names", b'{"area": ["hall"]}', retained=False)
    inbox.take("house/names", payload, retained=retained)
    inbox.take("house/names", b'{"area": ["kitchen"]}', retained=retained)
    assert names.current == Names()  # until the supervisor comes by
    names.look(lambda: None, lambda _: None)
    assert [one.said for one in names.current.area] == ["kitchen"]
    assert hall.controls.take() == (CONFIGURED, frozenset(), ())
    inbox.take("edge_asr/k1/mute/set", b"ON", retained=False, reply=Reply("house/names", None))
    assert not hall.controls.take().values.mute  # nobody has us tell names
