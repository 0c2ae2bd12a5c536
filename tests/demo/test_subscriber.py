import time
from pathlib import Path

import msgspec
import pytest
from paho.mqtt import publish

from edge_asr import events
from edge_asr.config import MqttConfig
from edge_asr.demo.broker import Broker
from edge_asr.demo.subscriber import Notice, Received, Subscriber
from edge_asr.errors import SinkError
from tests.sample_events import final, partial, speech_ended, state

pytestmark = pytest.mark.broker
DEADLINE_S = 10.0


def at(broker: Broker, prefix: str = "edge_asr") -> MqttConfig:
    return MqttConfig(host=broker.host, port=broker.port, topic_prefix=prefix)


def send(broker: Broker, topic: str, payload: bytes, *, retain: bool = False) -> None:
    publish.single(topic, payload, qos=1, retain=retain, hostname=broker.host, port=broker.port)


def receive(subscriber: Subscriber, count: int) -> list[Received | Notice]:
    messages: list[Received | Notice] = []
    end = time.monotonic() + DEADLINE_S
    while len(messages) < count and time.monotonic() < end:
        message = subscriber.next(0.1)
        if message is not None:
            messages.append(message)
    return messages


def test_every_kind_of_message_arrives_as_what_it_is(broker: Broker) -> None:
    with Subscriber(at(broker)) as subscriber:
        send(broker, "edge_asr/k1/availability", b"online")
        send(broker, "edge_asr/k1/state", msgspec.json.encode(state()))
        send(broker, "edge_asr/k1/partial", events.encode(partial("had")))
        send(broker, "edge_asr/k2/final", events.encode(final("had he")))
        send(broker, "edge_asr/k1/event", events.encode(speech_ended(2)))
        found = receive(subscriber, 5)
    assert found == [
        Received("k1", False, "online"),
        Received("k1", False, state()),
        Received("k1", False, partial("had")),
        Received("k2", False, final("had he")),
        Received("k1", False, speech_ended(2)),
    ]


def test_what_lay_on_the_broker_is_marked(broker: Broker) -> None:
    send(broker, "edge_asr/k1/state", msgspec.json.encode(state()), retain=True)
    with Subscriber(at(broker)) as subscriber:
        assert receive(subscriber, 1) == [Received("k1", True, state())]


def test_one_device_alone_under_its_prefix(broker: Broker) -> None:
    with Subscriber(at(broker, "house/ears"), "k1") as subscriber:
        send(broker, "house/ears/k2/final", events.encode(final("other")))
        send(broker, "edge_asr/k1/final", events.encode(final("elsewhere")))
        send(broker, "house/ears/k1/final", events.encode(final("mine")))
        assert receive(subscriber, 1) == [Received("k1", False, final("mine"))]
        assert subscriber.next(0.1) is None


def test_what_is_none_of_ours_is_counted(broker: Broker) -> None:
    with Subscriber(at(broker)) as subscriber:
        for leaf, payload in [("final", b"\xff{"), ("state", b"{}"), ("availability", b"maybe"), ("event", b"[]")]:
            send(broker, f"edge_asr/k1/{leaf}", payload)
        send(broker, "edge_asr/k1/final", events.encode(final("after")))
        assert receive(subscriber, 1) == [Received("k1", False, final("after"))]
        assert subscriber.unreadable == 4


def test_a_reader_that_is_too_slow_loses_the_oldest_and_knows_it(broker: Broker) -> None:
    with Subscriber(at(broker), queue_messages=2) as subscriber:
        for number in range(5):
            send(broker, "edge_asr/k1/final", events.encode(final(str(number))))
        end = time.monotonic() + DEADLINE_S
        while subscriber.lost < 3 and time.monotonic() < end:
            time.sleep(0.02)
        assert [message.body.text for message in receive(subscriber, 2)] == ["3", "4"]  # type: ignore[union-attr]
        assert subscriber.lost == 3


def test_a_broker_that_goes_and_comes_back(broker: Broker) -> None:
    with Subscriber(at(broker)) as subscriber:
        broker.restart()
        gone, back = receive(subscriber, 2)
        assert isinstance(gone, Notice)
        assert isinstance(back, Notice)
        assert "is lost" in gone.text
        assert "is back" in back.text
        end, heard = time.monotonic() + DEADLINE_S, None
        while heard is None and time.monotonic() < end:  # the subscription follows the connection in a moment
            send(broker, "edge_asr/k1/final", events.encode(final("again")))
            heard = subscriber.next(0.2)
        assert heard == Received("k1", False, final("again"))


def test_no_broker_is_one_line(broker: Broker) -> None:
    config = at(broker)
    broker.stop()
    with pytest.raises(SinkError, match=f"nothing listens at {broker.host}:{broker.port}"), Subscriber(config):
        pass


def test_a_wrong_password_is_one_line() -> None:
    with (
        Broker(users={"edge": "secret"}) as broker,
        pytest.raises(SinkError, match=r"wants a user \(Not authorized\)"),
        Subscriber(at(broker)),
    ):
        pass


def test_the_right_password_opens(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n")
    password.chmod(0o600)
    with Broker(users={"edge": "secret"}) as broker:
        config = MqttConfig(host=broker.host, port=broker.port, username="edge", password_file=str(password))
        with Subscriber(config) as subscriber:
            publish.single(
                "edge_asr/k1/availability",
                b"offline",
                qos=1,
                hostname=broker.host,
                port=broker.port,
                auth={"username": "edge", "password": "secret"},
            )
            assert receive(subscriber, 1) == [Received("k1", False, "offline")]
