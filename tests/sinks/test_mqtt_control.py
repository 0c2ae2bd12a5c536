"""Announcement and remote control against a real mosquitto."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish

from edge_asr.commands import CONTROLS, Reply
from edge_asr.config import MqttConfig
from edge_asr.controls import Controls, ControlValues
from edge_asr.demo.broker import Broker
from edge_asr.events import CommandResponse
from edge_asr.metrics import Metrics
from edge_asr.sinks.homeassistant import announcement
from edge_asr.sinks.mqtt import MqttSink
from tests import sample_events
from tests.sinks.subscriber import Subscriber, wait_for

pytestmark = pytest.mark.broker

CONFIGURED = ControlValues(mute=False, sensitivity=50)
BASE = "edge_asr/kitchen"
CONFIG_TOPIC = "homeassistant/device/edge_asr_kitchen/config"
STATES = [CONFIG_TOPIC, f"{BASE}/state", *(f"{BASE}/{control}/state" for control in CONTROLS)]
EMPTY = ("model", "language", "hotwords", "mode", "commands")  # of a device without a model
HOLD = set(STATES) - {f"{BASE}/{control}/state" for control in EMPTY}


class Device:
    """A sink that is controlled, with no daemon around it."""

    def __init__(self, port: int, **settings: Any) -> None:
        self.metrics = Metrics()
        self.controls = Controls(CONFIGURED, CONFIGURED, self.metrics)
        told = announcement("kitchen", "Kitchen", BASE, "1", 20.0)
        config = MqttConfig(host="127.0.0.1", port=port, reconnect_max_s=1, **settings)
        self.sink = MqttSink(config, "kitchen", self.metrics, controls=self.controls, announcement=told)
        self.sink.report(sample_events.state())
        self.sink.answer(CONFIGURED)

    @property
    def connected(self) -> bool:
        return self.metrics.registry.get_sample_value("edge_asr_broker_connected") == 1

    def commands(self, control: str, outcome: str) -> float:
        labels = {"control": control, "outcome": outcome}
        return self.metrics.registry.get_sample_value("edge_asr_commands_total", labels) or 0.0


@pytest.fixture
def device(broker: Broker) -> Iterator[Device]:
    made = Device(broker.port)
    yield made
    made.sink.stop(1.0)


def send(broker: Broker, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
    publish.single(topic, payload, qos=1, retain=retain, hostname=broker.host, port=broker.port)


def subscribed(broker: Broker) -> bool:
    return "Sending SUBACK to edge_asr-kitchen" in broker.log


def ours(subscriber: Subscriber) -> list[str]:
    return [message.topic for message in subscriber.messages if message.topic in STATES]


def test_a_newcomer_finds_the_device_and_its_states(broker: Broker, device: Device) -> None:
    with Subscriber(broker.port) as early:
        device.sink.start()
        early.wait_for(lambda: len(ours(early)) == len(STATES))
        assert ours(early) == STATES  # the entities before what they show
    kept = subprocess.run(
        ["mosquitto_sub", "-p", str(broker.port), "-t", "#", "--retained-only", "-W", "1", "-F", "%t %r %p"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    found = {line.split(" ", 2)[0]: line.split(" ", 2)[2] for line in kept.stdout.splitlines()}
    assert set(found) == {*HOLD, f"{BASE}/availability"}
    assert json.loads(found[CONFIG_TOPIC])["dev"]["name"] == "Kitchen"
    assert (found[f"{BASE}/mute/state"], found[f"{BASE}/sensitivity/state"]) == ("OFF", "50")


def test_all_is_announced_again_within_a_second_of_home_assistants_start(broker: Broker, device: Device) -> None:
    with Subscriber(broker.port) as subscriber:
        device.sink.start()
        subscriber.wait_for(lambda: len(ours(subscriber)) == len(STATES))
        wait_for(lambda: subscribed(broker))
        for _ in range(2):
            subscriber.messages.clear()
            began = time.monotonic()
            send(broker, "homeassistant/status", "online")
            subscriber.wait_for(lambda: len(ours(subscriber)) == len(STATES))
            assert time.monotonic() - began < 1.0
            assert ours(subscriber) == STATES
            time.sleep(0.6)  # a second start of it comes later
        subscriber.messages.clear()
        send(broker, "homeassistant/status", "offline")
        send(broker, f"{BASE}/sensitivity/set", "1")
        wait_for(lambda: bool(device.controls.take().commanded))  # it came after the other
        assert ours(subscriber) == []


def test_a_broker_without_memory_is_told_everything_again(broker: Broker, device: Device) -> None:
    device.sink.start()
    wait_for(lambda: device.connected and f"'{BASE}/sensitivity/state'" in broker.log)
    broker.kill()
    wait_for(lambda: not device.connected)
    device.sink.answer(ControlValues(mute=True, sensitivity=60))
    broker.start()
    with Subscriber(broker.port) as subscriber:
        subscriber.wait_for(lambda: set(STATES) <= {message.topic for message in subscriber.messages})
        subscriber.wait_for(lambda: subscriber.payloads("/availability")[-1:] == [b"online"])
        assert subscriber.payloads("/mute/state")[-1] == b"ON"
        assert subscriber.payloads("/sensitivity/state")[-1] == b"60"
    wait_for(lambda: subscribed(broker))
    send(broker, f"{BASE}/mute/set", "ON")
    wait_for(lambda: device.controls.take().values.mute)


def test_commands_reach_the_controls_and_answers_the_house(broker: Broker, device: Device) -> None:
    device.sink.start()
    wait_for(lambda: subscribed(broker))
    send(broker, f"{BASE}/mute/set", "ON")
    send(broker, f"{BASE}/sensitivity/set", "70")
    wanted = ControlValues(mute=True, sensitivity=70)
    wait_for(lambda: device.controls.take().values == wanted)
    with Subscriber(broker.port) as subscriber:
        device.sink.answer(wanted)
        subscriber.wait_for(lambda: subscriber.payloads("/mute/state")[-1:] == [b"ON"])
        subscriber.wait_for(lambda: subscriber.payloads("/sensitivity/state")[-1:] == [b"70"])


def test_what_lies_retained_on_a_set_topic_is_never_executed(broker: Broker, device: Device) -> None:
    send(broker, f"{BASE}/mute/set", "ON", retain=True)
    send(broker, f"{BASE}/sensitivity/set", "much", retain=True)
    device.sink.start()
    wait_for(lambda: device.commands("mute", "retained") == device.commands("sensitivity", "retained") == 1)
    values, commanded, faults = device.controls.take()
    assert (values, commanded) == (CONFIGURED, frozenset())
    assert ["a retained message is refused" in fault for fault in faults] == [True, True]
    broker.restart()
    wait_for(lambda: device.connected and subscribed(broker))
    send(broker, f"{BASE}/sensitivity/set", "10")
    wait_for(lambda: device.controls.take().values.sensitivity == 10)
    assert not device.controls.take().values.mute


def test_what_was_asked_elsewhere_is_not_answered_on_the_broker(broker: Broker, device: Device) -> None:
    response = CommandResponse(device_id="kitchen", control="mute", accepted=True, value="ON")
    with Subscriber(broker.port) as subscriber:
        device.sink.start()
        wait_for(lambda: subscribed(broker))
        device.sink.respond(response, Reply("1", b"", "http"))
        device.sink.respond(response, Reply("asked/here", b"7"))
        subscriber.wait_for(lambda: bool(subscriber.payloads("asked/here")))
        assert "1" not in [message.topic for message in subscriber.messages]


def test_a_flood_is_taken_whole_and_the_last_counts(broker: Broker, device: Device, tmp_path: Path) -> None:
    device.sink.start()
    wait_for(lambda: subscribed(broker))
    lines = tmp_path / "flood"
    lines.write_text("\n".join([*(str(number % 101) for number in range(900)), "x" * 10_000, "33"]) + "\n")
    with lines.open() as given:
        subprocess.run(
            ["mosquitto_pub", "-p", str(broker.port), "-q", "1", "-t", f"{BASE}/sensitivity/set", "-l"],
            stdin=given,
            check=True,
            timeout=60,
        )
    wait_for(lambda: device.commands("sensitivity", "superseded") == 900)
    values, _, faults = device.controls.take()
    assert values.sensitivity == 33
    assert [fault.split(",")[0] for fault in faults] == ["sensitivity/set: a payload of 10000 bytes is refused"]


def test_without_controls_and_announcement_nothing_is_subscribed(broker: Broker) -> None:
    metrics = Metrics()
    sink = MqttSink(MqttConfig(host="127.0.0.1", port=broker.port), "kitchen", metrics)
    sink.start()
    sink.report(sample_events.state())
    wait_for(lambda: f"'{BASE}/state'" in broker.log)
    sink.stop(2.0)
    assert "SUBSCRIBE" not in broker.log


def test_what_has_not_changed_is_not_said_again_unless_nothing_has(broker: Broker, device: Device) -> None:
    with Subscriber(broker.port) as subscriber:
        device.sink.start()  # an empty state is not there any more for who comes later
        subscriber.wait_for(lambda: subscriber.payloads("/hotwords/state") == [b""])
        subscriber.messages.clear()
        louder = ControlValues(mute=False, sensitivity=50, gain=70)
        device.sink.answer(louder)
        subscriber.wait_for(lambda: subscriber.payloads("/gain/state") == [b"70"])
        assert [message.topic for message in subscriber.messages] == [f"{BASE}/gain/state"]
        device.sink.answer(louder)
        subscriber.wait_for(lambda: len(subscriber.messages) == 1 + len(CONTROLS))
