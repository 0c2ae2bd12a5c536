"""The example access list, tried on a real mosquitto: who may write what, and that a device works under it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_asr.config import MqttConfig
from edge_asr.demo.broker import Broker
from edge_asr.errors import SinkError
from edge_asr.sinks.broker_session import BrokerSession
from tests.deploy.house import Device, final, running
from tests.sinks.subscriber import Subscriber

pytestmark = pytest.mark.broker
FOLDER = Path(__file__).parents[2] / "deploy" / "mosquitto"
USERS = {name: f"pa55-{name}" for name in ("kitchen", "pantry", "homeassistant", "nodered", "display", "stranger")}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Broker]:
    """A broker with that list."""
    rules = tmp_path / "edge_asr.acl"
    rules.write_text((FOLDER / "edge_asr.acl").read_text())
    rules.chmod(0o600)
    with Broker(users=USERS, lines=[f"acl_file {rules}"]) as broker:
        yield broker


def session(broker: Broker, user: str, folder: Path) -> BrokerSession:
    """As that user, in MQTT 5: it says why a message is not taken."""
    secret = folder / user
    secret.write_text(USERS[user])
    secret.chmod(0o600)
    config = MqttConfig(host=broker.host, port=broker.port, username=user, password_file=str(secret))
    return BrokerSession(config, f"{user}-tries", says_why=True)


WRITES = {
    "kitchen": {
        "edge_asr/kitchen/final",
        "edge_asr/kitchen/mute/state",
        "homeassistant/device/edge_asr_kitchen/config",
    },
    "pantry": {"edge_asr/pantry/final", "homeassistant/device/edge_asr_pantry/config"},
    "homeassistant": {
        *("edge_asr/kitchen/mute/set", "edge_asr/pantry/mute/set", "homeassistant/status"),
        *("homeassistant/device/edge_asr_kitchen/config", "homeassistant/device/edge_asr_pantry/config"),
        *("edge_asr/kitchen/commands/set", "edge_asr/pantry/commands/set", "house/names"),
    },
    "nodered": {"edge_asr/kitchen/mute/set", "edge_asr/pantry/mute/set", "house/kitchen/light/set", "house/names"},
    "display": set(),
    "stranger": set(),
}
TOPICS = sorted({topic for topics in WRITES.values() for topic in topics} | {"edge_asr/kitchen/set", "elsewhere"})


@pytest.mark.parametrize("user", WRITES)
def test_a_user_writes_its_own_topics_and_no_others(user: str, house: Broker, tmp_path: Path) -> None:
    with session(house, user, tmp_path) as me:
        allowed = {topic for topic in TOPICS if not me.publish(topic, b"x")}
    own = {topic for topic in TOPICS if topic.startswith(f"edge_asr/{user}/")}
    assert allowed == WRITES[user] | own


@pytest.mark.parametrize(
    ("user", "heard"),
    [
        ("kitchen", {"edge_asr/kitchen/final", "edge_asr/kitchen/mute/set", "homeassistant/status", "house/names"}),
        ("display", {"edge_asr/kitchen/final", "edge_asr/pantry/final", "homeassistant/status", "house/names"}),
        ("stranger", {"homeassistant/status", "house/names"}),
    ],
)
def test_a_user_reads_what_is_meant_for_it(user: str, heard: set[str], house: Broker, tmp_path: Path) -> None:
    with session(house, user, tmp_path) as me:
        me.subscribe("#")
        for speaker, topics in (
            ("kitchen", ["edge_asr/kitchen/final"]),
            ("pantry", ["edge_asr/pantry/final"]),
            ("homeassistant", ["edge_asr/kitchen/mute/set", "homeassistant/status", "house/names"]),
        ):
            if speaker == user:
                for topic in topics:
                    me.publish(topic, b"x")
                continue
            with session(house, speaker, tmp_path) as other:
                for topic in topics:
                    assert other.publish(topic, b"x") == ""
        me.listen(5.0, lambda: {message.topic for message in me.heard} >= heard)
        me.listen(0.2)
        assert {message.topic for message in me.heard} == heard


def test_a_device_lives_under_it(house: Broker) -> None:
    kitchen = Device("kitchen", house.port, USERS["kitchen"])
    with Subscriber(house.port, "homeassistant", USERS["homeassistant"]) as assistant, running(kitchen):
        kitchen.say(final("turn on the light", "k-1"))
        assistant.wait_for(lambda: len(assistant.payloads("kitchen/final")) == 1)
        assert len(assistant.payloads("edge_asr_kitchen/config")) == 1
        assert assistant.payloads("kitchen/availability") == [b"online"]
        assistant.publish("edge_asr/kitchen/mute/set", b"ON")
        assistant.wait_for(lambda: b"ON" in assistant.payloads("kitchen/mute/state"))


def test_with_its_lines_for_rhasspy_a_device_speaks_those_topics(tmp_path: Path) -> None:
    rules = tmp_path / "edge_asr.acl"
    rules.write_text((FOLDER / "edge_asr.acl").read_text().replace("\n#topic ", "\ntopic "))
    rules.chmod(0o600)
    topics = ("hermes/asr/textCaptured", "hermes/error/asr", "hermes/intent/x", "hermes/nlu/intentNotRecognized")
    with Broker(users=USERS, lines=[f"acl_file {rules}"]) as broker:
        with session(broker, "kitchen", tmp_path) as me:
            me.subscribe("hermes/asr/startListening")
            assert [me.publish(topic, b"{}") for topic in topics] == [""] * 4
            assert me.publish("hermes/asr/startListening", b"{}") == ""
            me.listen(5.0, lambda: bool(me.heard))
            assert [message.topic for message in me.heard] == ["hermes/asr/startListening"]
        with session(broker, "pantry", tmp_path) as other:
            assert all(other.publish(topic, b"{}") for topic in topics)


def test_mosquitto_takes_the_example_configuration(tmp_path: Path) -> None:
    """All its lines but the places of files, which are the reader's."""
    lines = [line for line in (FOLDER / "edge_asr.conf").read_text().splitlines() if line and not line.startswith("#")]
    places = ("listener", "certfile", "keyfile", "password_file", "acl_file", "persistence_location")
    assert {line.split()[0] for line in lines if "/" in line or line.startswith("listener")} == set(places)
    ours = [line for line in lines if not line.startswith((*places, "allow_anonymous", "persistence"))]
    assert ours == ["message_size_limit 65536"]
    with Broker(users=USERS, lines=ours, persistence="persistence true" in lines) as broker:
        with session(broker, "kitchen", tmp_path) as me:
            me.subscribe("edge_asr/kitchen/final")
            assert me.publish("edge_asr/kitchen/final", b"x" * 65_000) == ""
            me.listen(5.0, lambda: bool(me.heard))
            assert len(me.heard[0].payload) == 65_000
        with session(broker, "kitchen", tmp_path) as me, pytest.raises(SinkError):
            me.publish("edge_asr/kitchen/final", b"x" * 70_000)
