"""What MQTT 5 gives where it is spoken, and that everything else goes on where it is not."""

import json
import logging
import subprocess
import time
from pathlib import Path
from typing import Literal

import paho.mqtt.client as paho
import pytest
from paho.mqtt import publish
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_asr.answers import Answers
from edge_asr.clock import SystemClock
from edge_asr.commands import CONTROLS
from edge_asr.config import DiscoveryConfig
from edge_asr.control_file import ControlFile
from edge_asr.controls import Due, Wanted
from edge_asr.demo.broker import Broker
from tests import sample_events
from tests.sinks.conftest import MakeMouth
from tests.sinks.finals import finals_taken, texts
from tests.sinks.old_broker import REFUSAL_OF_FIVE, REFUSAL_OF_OLD, OldBroker
from tests.sinks.subscriber import Subscriber, wait_for
from tests.sinks.test_mqtt_control import BASE, CONFIGURED, Device, subscribed

pytestmark = pytest.mark.broker


@pytest.mark.parametrize(("protocol", "word"), [("5", "p5"), ("3.1.1", "p2")])
def test_the_configured_version_is_spoken(
    protocol: Literal["5", "3.1.1"], word: str, broker: Broker, make_mouth: MakeMouth
) -> None:
    mouth = make_mouth(broker.port, protocol=protocol)
    mouth.sink.start()
    wait_for(lambda: mouth.connected)
    [line] = [line for line in broker.log.splitlines() if "as edge_asr-kitchen (" in line]
    assert f"({word}, c1, k30)" in line


def test_a_command_that_was_sent_to_be_retained_is_refused_while_we_are_connected(broker: Broker) -> None:
    device = Device(broker.port)
    device.sink.start()
    try:
        wait_for(lambda: subscribed(broker))
        for payload, retain in (("ON", True), (None, True), ("OFF", False)):
            publish.single(f"{BASE}/mute/set", payload, qos=1, retain=retain, hostname=broker.host, port=broker.port)
        wait_for(lambda: device.commands("mute", "emptied") == 1)
        publish.single(f"{BASE}/sensitivity/set", "9", qos=1, hostname=broker.host, port=broker.port)
        seen: list[Wanted] = []

        def taken() -> bool:
            seen.append(device.controls.take())
            return seen[-1].values.sensitivity == 9

        wait_for(taken)
        assert device.commands("mute", "retained") == 1
        assert not any(each.values.mute for each in seen)
        [fault] = [fault for each in seen for fault in each.faults]
        assert fault.startswith("mute/set: a retained message is refused")
    finally:
        device.sink.stop(1.0)


def test_home_assistants_word_may_be_retained_and_counts_when_it_is_new(broker: Broker) -> None:
    device = Device(broker.port)
    device.sink.start()
    try:
        wait_for(lambda: subscribed(broker))
        with Subscriber(broker.port) as subscriber:
            subscriber.messages.clear()
            status = DiscoveryConfig().status_topic
            publish.single(status, "online", qos=1, retain=True, hostname=broker.host, port=broker.port)
            subscriber.wait_for(lambda: b"50" in subscriber.payloads("/sensitivity/state"))
    finally:
        device.sink.stop(1.0)


def test_each_message_says_what_it_is_and_a_partial_when_it_is_stale(broker: Broker, make_mouth: MakeMouth) -> None:
    listener = subprocess.Popen(
        [
            "mosquitto_sub",
            "-V",
            "5",
            "-p",
            str(broker.port),
            "-t",
            "#",
            "-q",
            "1",
            "-F",
            "%t|%E|%C|%F",
            "-C",
            str(4 + len(CONTROLS)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: "Sending SUBACK" in broker.log)
        mouth = make_mouth(broker.port)
        mouth.sink.report(sample_events.state())
        mouth.sink.start()
        wait_for(lambda: mouth.connected)
        mouth.sink.emit(sample_events.partial())
        mouth.sink.emit(sample_events.final())
        mouth.sink.answer(CONFIGURED)
        said, _ = listener.communicate(timeout=15)
    finally:
        listener.kill()
    by_topic = {topic.removeprefix(f"{BASE}/"): rest for topic, *rest in (line.split("|") for line in said.split())}
    assert by_topic["availability"] == ["", "text/plain", "1"]
    assert by_topic["state"] == ["", "application/json", "1"]
    assert by_topic["final"] == ["", "application/json", "1"]
    expiry, *rest = by_topic["partial"]
    assert rest == ["application/json", "1"]
    assert 1 <= int(expiry) <= 5
    assert by_topic["mute/state"] == ["", "text/plain", "1"]


def test_a_broker_that_takes_few_at_a_time_gets_few_at_a_time(make_mouth: MakeMouth) -> None:
    with Broker(lines=["max_inflight_messages 2"]) as broker, Subscriber(broker.port) as subscriber:
        mouth = make_mouth(broker.port)
        mouth.sink.start()
        for number in range(200):
            mouth.sink.emit(sample_events.final(f"words {number}", f"s-{number}"))
        subscriber.wait_for(lambda: len(subscriber.payloads("/final")) == 200)
        mouth.sink.stop(5.0)
        assert texts(subscriber.payloads("/final")) == [f"words {number}" for number in range(200)]
        assert mouth.news == [(True, "")]


@pytest.mark.parametrize("refusal", [REFUSAL_OF_OLD, REFUSAL_OF_FIVE])
def test_where_five_is_not_spoken_all_goes_on_in_the_older_version(
    refusal: bytes, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    with OldBroker(broker.port, refusal=refusal) as old, Subscriber(broker.port) as subscriber:
        device = Device(old.port)
        device.sink.emit(sample_events.final("early words"))
        device.sink.start()
        try:
            subscriber.wait_for(lambda: texts(subscriber.payloads("/final")) == ["early words"])
            wait_for(lambda: subscribed(broker))
            publish.single(f"{BASE}/mute/set", "ON", qos=1, hostname=broker.host, port=broker.port)
            wait_for(lambda: device.controls.take().values.mute)
            old.cut()  # from now on it knows
            wait_for(lambda: not device.connected)
            device.sink.emit(sample_events.final("later words"))
            subscriber.wait_for(lambda: texts(subscriber.payloads("/final"))[-1:] == ["later words"])
        finally:
            device.sink.stop(2.0)
        subscriber.wait_for(lambda: subscriber.payloads("/availability")[-1:] == [b"offline"])
        assert old.refusals == 1
    [said] = [record.getMessage() for record in caplog.records if "does not speak MQTT 5" in record.getMessage()]
    assert said.startswith(f"the broker at 127.0.0.1:{old.port} does not speak MQTT 5: going on with 3.1.1")


def test_what_the_newer_version_had_on_its_way_is_sent_in_the_older_one(broker: Broker, make_mouth: MakeMouth) -> None:
    with OldBroker(broker.port, modern=True) as old, Subscriber(broker.port) as subscriber:
        mouth = make_mouth(old.port)
        mouth.sink.start()
        mouth.sink.emit(sample_events.final("words 0", "s-0"))
        subscriber.wait_for(lambda: bool(subscriber.payloads("/final")))
        broker.suspend()
        for number in range(1, 60):
            mouth.sink.emit(sample_events.final(f"words {number}", f"s-{number}"))
        wait_for(lambda: mouth.sink._outbox.in_flight >= 15)
        old.modern = False
        old.cut()
        broker.resume()
        subscriber.wait_for(lambda: b"words 59" in b"".join(subscriber.payloads("/final")))
        mouth.sink.stop(5.0)
        received = dict.fromkeys(texts(subscriber.payloads("/final")))
        assert list(received) == [f"words {number}" for number in range(60)]
        assert mouth.dropped("stopped") == mouth.dropped("offline") == 0


def test_it_stops_in_time_while_it_changes_the_version(broker: Broker, make_mouth: MakeMouth) -> None:
    with OldBroker(broker.port) as old:
        for wait_s in (0.0, 0.01, 0.03):
            mouth = make_mouth(old.port)
            mouth.sink.start()
            time.sleep(wait_s)
            mouth.sink.stop(2.0)
    assert finals_taken(broker) == 0


def test_what_the_access_list_keeps_from_the_house_is_said_once(
    make_mouth: MakeMouth, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    acl = tmp_path / "acl"
    acl.write_text(f"topic readwrite {BASE}/availability\n")
    acl.chmod(0o600)
    with Broker(lines=[f"acl_file {acl}"]) as broker:
        mouth = make_mouth(broker.port)
        mouth.sink.start()
        for number in range(5):
            mouth.sink.emit(sample_events.final(segment_id=f"s-{number}"))
        wait_for(lambda: finals_taken(broker) + broker.log.count("Denied PUBLISH") >= 5)
        wait_for(lambda: "drops what we publish" in caplog.text)
        mouth.sink.stop(2.0)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [line.partition(" ")[2].partition(":")[0] for line in warnings] == ["drops what we publish (Not authorized)"]


def test_a_command_with_a_response_topic_is_answered_there_with_its_own_data(broker: Broker) -> None:
    device = Device(broker.port)
    device.sink.start()
    answered = Answers([device.sink], ControlFile(Path("/nonexistent"), CONFIGURED), sample_events.error, SystemClock())
    program = ["mosquitto_rr", "-V", "5", "-p", str(broker.port), "-q", "1", "-W", "10", "-F", "%r %D %C %p"]
    words = ["-t", f"{BASE}/mute/set", "-e", "my/answers", "-m", "maybe", "-D", "publish", "correlation-data", "n7"]
    try:
        wait_for(lambda: subscribed(broker))
        asking = subprocess.Popen([*program, *words], stdout=subprocess.PIPE, text=True)
        due: list[Due] = []

        def come() -> bool:
            due.extend(device.controls.take_due())
            return bool(due)

        wait_for(come)
        answered.respond(due[0], CONFIGURED)
        said, _ = asking.communicate(timeout=15)
    finally:
        device.sink.stop(1.0)
    retained, correlation, kind, payload = said.strip().split(" ", 3)
    assert (retained, correlation, kind) == ("0", "n7", "application/json")
    response = json.loads(payload)
    message = response.pop("message")
    assert message.startswith("mute/set: 'maybe' is refused, expected ON or OFF")
    assert response == {"device_id": "", "control": "mute", "accepted": False, "value": "OFF", "v": 1}


def test_in_the_older_version_a_command_is_taken_and_answered_nowhere_else(broker: Broker) -> None:
    device = Device(broker.port, protocol="3.1.1")
    device.sink.start()
    try:
        wait_for(lambda: subscribed(broker))
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = "my/answers"
        with Subscriber(broker.port):
            client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
            client.connect(broker.host, broker.port)
            client.loop_start()
            client.publish(f"{BASE}/mute/set", "ON", 1, properties=properties).wait_for_publish(5)
            client.disconnect()
            client.loop_stop()
            wait_for(lambda: device.controls.take().values.mute)
            assert device.controls.take_due() == ()
    finally:
        device.sink.stop(1.0)
