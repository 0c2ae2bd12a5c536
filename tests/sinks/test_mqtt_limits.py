"""What a broker does not take, or says in MQTT 5 that cannot be understood, costs that message and nothing else."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from paho.mqtt import publish

from edge_asr.demo.broker import Broker
from tests import sample_events
from tests.sinks.conftest import MakeMouth
from tests.sinks.finals import texts
from tests.sinks.subscriber import Subscriber, wait_for
from tests.sinks.test_mqtt_control import BASE, Device, subscribed

pytestmark = pytest.mark.broker

LONG = "long " * 600


def test_a_final_that_is_longer_than_the_broker_takes_is_dropped_and_counted(
    make_mouth: MakeMouth, caplog: pytest.LogCaptureFixture
) -> None:
    with Broker(lines=["max_packet_size 1500"]) as broker, Subscriber(broker.port) as subscriber:
        mouth = make_mouth(broker.port)
        mouth.sink.start()
        wait_for(lambda: mouth.connected)
        for number, text in enumerate(("one", LONG, "two")):
            mouth.sink.emit(sample_events.final(text, f"s-{number}"))
        subscriber.wait_for(lambda: texts(subscriber.payloads("/final")) == ["one", "two"])
        assert mouth.dropped("too_large") == 1
        assert mouth.news == [(True, "")]
    [said] = [record.getMessage() for record in caplog.records if "takes messages" in record.getMessage()]
    assert f"of at most 1500 bytes: what we say on {BASE}/final is longer" in said
    assert "long long" not in said


def test_an_answer_that_is_not_to_be_understood_in_five_is_got_round_in_the_older_version(
    make_mouth: MakeMouth, caplog: pytest.LogCaptureFixture
) -> None:
    with Broker(lines=["message_size_limit 1500"]) as broker, Subscriber(broker.port) as subscriber:
        mouth = make_mouth(broker.port)
        mouth.sink.start()
        for number, text in enumerate(("one", LONG, "two", "three")):
            mouth.sink.emit(sample_events.final(text, f"s-{number}"))
        wait_for(lambda: "going on with 3.1.1" in caplog.text)
        mouth.sink.emit(sample_events.final("four", "s-4"))
        subscriber.wait_for(lambda: texts(subscriber.payloads("/final"))[-1:] == ["four"])
        assert list(dict.fromkeys(texts(subscriber.payloads("/final")))) == ["one", "two", "three", "four"]
        wait_for(lambda: mouth.connected)


@contextmanager
def rude_broker(answer: bytes) -> Iterator[int]:
    """Says this to whoever comes in MQTT 5 and hangs up; in the older version it asks for a user. Yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                hello = client.recv(4096)
                client.sendall(b"\x20\x02\x00\x05" if b"MQTT\x04" in hello else answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def test_an_older_answer_to_five_leads_to_the_older_version_and_its_reason(make_mouth: MakeMouth) -> None:
    with rude_broker(b"\x20\x02\x00\x05") as port:  # not authorized, as 3.1.1 says it
        mouth = make_mouth(port)
        mouth.sink.start()
        wait_for(lambda: "wants a user (Not authorized)" in mouth.reason)


@pytest.mark.parametrize(("protocol", "hinted"), [("5", True), ("3.1.1", False)])
def test_who_hangs_up_without_a_word_may_know_no_five(protocol: str, hinted: bool, make_mouth: MakeMouth) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        mouth = make_mouth(listener.getsockname()[1], protocol=protocol)
        mouth.sink.start()
        client, _ = listener.accept()
        client.recv(4096)
        client.close()
        wait_for(lambda: bool(mouth.news))
        assert "closed the connection without an answer" in mouth.reason
        assert ('mqtt.protocol = "3.1.1"' in mouth.reason) is hinted


def test_what_the_access_list_refuses_is_counted_as_lost(make_mouth: MakeMouth, tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text(f"topic readwrite {BASE}/availability\n")
    acl.chmod(0o600)
    with Broker(lines=[f"acl_file {acl}"]) as broker:
        mouth = make_mouth(broker.port)
        mouth.sink.report(sample_events.state())  # a state is no event
        mouth.sink.start()
        for number in range(5):
            mouth.sink.emit(sample_events.final(segment_id=f"s-{number}"))
        wait_for(lambda: mouth.dropped("refused") == 5)
        mouth.sink.stop(2.0)
        assert mouth.dropped("refused") == 5
        assert mouth.dropped("stopped") == 0


def test_a_huge_command_does_not_even_come_in(broker: Broker) -> None:
    device = Device(broker.port)
    device.sink.start()
    try:
        wait_for(lambda: subscribed(broker))
        for payload in (b"x" * 5_000_000, b"x" * 5000, b"9"):
            publish.single(f"{BASE}/sensitivity/set", payload, qos=1, hostname=broker.host, port=broker.port)
        wait_for(lambda: device.controls.take().values.sensitivity == 9)
        assert device.commands("sensitivity", "malformed") == 1
    finally:
        device.sink.stop(1.0)
