"""The end keeps its deadline, whatever the broker does, and every event that did not arrive is counted once."""

import socket
import threading
import time
from typing import Any

import pytest

from edge_asr.config import TlsConfig
from edge_asr.demo.broker import Broker
from tests import sample_events
from tests.black_hole import black_hole
from tests.sinks.certificates import Certificates
from tests.sinks.conftest import MakeMouth, Mouth
from tests.sinks.subscriber import Subscriber, wait_for

pytestmark = pytest.mark.broker
MARGIN_S = 0.1
LONG = "words " * 200_000  # twenty of them are more than the sockets of both sides hold


def timed_stop(mouth: Mouth, deadline_s: float) -> float:
    """Stop within the deadline, or fail; how long it took."""
    began = time.monotonic()
    mouth.sink.stop(deadline_s)
    took_s = time.monotonic() - began
    assert took_s < deadline_s + MARGIN_S
    return took_s


def own_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "mqtt" in thread.name and "listener" not in thread.name]


@pytest.mark.parametrize("deadline_s", [0.0, 0.1, 0.5, 2.0])
def test_a_suspended_broker_with_events_waiting(deadline_s: float, broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port)
    mouth.sink.start()
    wait_for(lambda: mouth.connected)
    for number in range(5):
        mouth.sink.emit(sample_events.final(f"words {number}"))
    wait_for(lambda: broker.log.count("Sending PUBACK") == 6)  # with `online`
    time.sleep(0.1)  # the last is on its way
    broker.suspend()
    for number in range(50):
        mouth.sink.emit(sample_events.final(f"more words {number}"))
        mouth.sink.report(sample_events.state())  # no event: its loss is none
    timed_stop(mouth, deadline_s)
    assert mouth.dropped("stopped") == 50
    if deadline_s >= 0.5:
        assert own_threads() == []
    wait_for(lambda: own_threads() == [])
    broker.resume()
    time.sleep(0.1)
    assert mouth.dropped("stopped") == 50


def test_a_suspended_broker_whose_socket_is_full(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port)
    fill(mouth, broker)
    timed_stop(mouth, 1.0)
    assert mouth.dropped("stopped") == 30
    assert own_threads() == []


def test_a_suspended_broker_whose_encrypted_socket_is_full(certificates: Certificates, make_mouth: MakeMouth) -> None:
    with Broker(lines=certificates.server_lines()) as broker:
        mouth = make_mouth(broker.port, host="localhost", tls=TlsConfig(enabled=True, ca_file=str(certificates.ca)))
        fill(mouth, broker)
        timed_stop(mouth, 1.0)
        assert mouth.dropped("stopped") == 30
        assert own_threads() == []


def fill(mouth: Mouth, broker: Broker) -> None:
    mouth.sink.start()
    wait_for(lambda: mouth.connected)
    broker.suspend()
    for _ in range(30):
        mouth.sink.emit(sample_events.final(LONG))


def test_a_broker_that_wakes_up_in_time_gets_everything_and_the_goodbye(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port)
    with Subscriber(broker.port) as subscriber:
        mouth.sink.start()
        wait_for(lambda: mouth.connected)
        broker.suspend()
        for number in range(50):
            mouth.sink.emit(sample_events.final(f"words {number}"))
        alarm = threading.Timer(0.5, broker.resume)
        alarm.start()
        try:
            timed_stop(mouth, 5.0)
        finally:
            alarm.join()
        assert mouth.dropped("stopped") == 0
        subscriber.wait_for(lambda: subscriber.payloads("/availability")[-1] == b"offline")
        assert len(subscriber.payloads("/final")) == 50
    assert own_threads() == []


def test_a_broker_that_wakes_up_late_still_reads_the_goodbye(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port)
    with Subscriber(broker.port) as subscriber:
        mouth.sink.start()
        wait_for(lambda: mouth.connected)
        broker.suspend()
        mouth.sink.emit(sample_events.final())
        timed_stop(mouth, 0.5)
        assert mouth.dropped("stopped") == 1  # nobody knows that it waits in a buffer of the system
        broker.resume()
        subscriber.wait_for(lambda: subscriber.payloads("/availability")[-1:] == [b"offline"])


def test_a_connection_that_is_neither_taken_nor_refused(make_mouth: MakeMouth) -> None:
    with black_hole() as port:
        mouth = make_mouth(port)
        mouth.sink.start()
        for _ in range(5):
            mouth.sink.emit(sample_events.final())
        mouth.sink.emit(sample_events.partial())
        timed_stop(mouth, 0.5)
        assert mouth.news == []  # it was on its way all the time
        assert mouth.dropped("stopped") == 5
        assert mouth.dropped("offline") == 1
    wait_for(lambda: own_threads() == [])  # refused, now that nobody listens
    assert mouth.news == []
    assert mouth.dropped("stopped") == 5


def test_a_suspended_broker_that_never_answered(broker: Broker, make_mouth: MakeMouth) -> None:
    broker.suspend()
    mouth = make_mouth(broker.port)
    mouth.sink.start()
    mouth.sink.emit(sample_events.final())
    timed_stop(mouth, 0.5)
    assert mouth.dropped("stopped") == 1
    assert own_threads() == []


def hang_look_ups(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let every look-up of a name wait for the event."""
    answer, look_up = threading.Event(), socket.getaddrinfo

    def slow(*args: Any, **options: Any) -> Any:
        answer.wait(20)
        return look_up(*args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    return answer


def test_a_look_up_that_hangs_and_ends_after_the_end(
    broker: Broker, make_mouth: MakeMouth, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Subscriber(broker.port) as subscriber:
        answer = hang_look_ups(monkeypatch)
        mouth = make_mouth(broker.port, host="localhost")
        mouth.sink.start()
        mouth.sink.emit(sample_events.final())
        timed_stop(mouth, 0.5)
        assert mouth.dropped("stopped") == 1
        answer.set()
        wait_for(lambda: own_threads() == [])
        assert subscriber.payloads("/final") == []
        assert subscriber.payloads("/availability")[-1:] != [b"online"]
        assert mouth.dropped("stopped") == 1
        assert mouth.news == []


def test_a_connection_that_comes_after_the_end_is_taken_down_with_a_goodbye(
    broker: Broker, make_mouth: MakeMouth, monkeypatch: pytest.MonkeyPatch
) -> None:
    mouth = make_mouth(broker.port)
    mouth.sink.start()
    wait_for(lambda: mouth.connected)
    broker.suspend()
    for number in range(3):
        mouth.sink.emit(sample_events.final(f"words {number}"))
    time.sleep(0.1)  # they are with paho now, which would send them again
    broker.kill()
    wait_for(lambda: not mouth.connected)
    answer = hang_look_ups(monkeypatch)
    timed_stop(mouth, 3.0)
    assert mouth.dropped("stopped") == 3
    broker.start()
    answer.set()
    wait_for(lambda: own_threads() == [])
    with Subscriber(broker.port) as subscriber:
        subscriber.wait_for(lambda: subscriber.payloads("/availability") == [b"offline"])
        assert "/final" not in broker.log
    assert not mouth.connected
    assert mouth.dropped("stopped") == 3


def test_nobody_listens(make_mouth: MakeMouth) -> None:
    with Broker() as broker:
        broker.stop()
        mouth = make_mouth(broker.port)
        mouth.sink.start()
        for _ in range(5):
            mouth.sink.emit(sample_events.final())
        timed_stop(mouth, 0.5)
        assert mouth.dropped("stopped") == 5
        wait_for(lambda: own_threads() == [])  # paho's pause before the next attempt is not cut short


def test_events_of_a_sink_that_was_never_started_are_counted(make_mouth: MakeMouth) -> None:
    mouth = make_mouth(1883)
    mouth.sink.emit(sample_events.final())
    assert timed_stop(mouth, 1.0) < 0.5
    assert mouth.dropped("stopped") == 1


def test_a_suspended_broker_with_nothing_waiting_is_not_waited_for(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port)
    mouth.sink.start()
    wait_for(lambda: mouth.connected)
    broker.suspend()
    assert timed_stop(mouth, 10.0) < 2.0
    assert own_threads() == []


def test_a_quiet_end_does_not_use_up_its_time(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port)
    mouth.sink.start()
    wait_for(lambda: mouth.connected)
    assert timed_stop(mouth, 10.0) < 2.0
    assert own_threads() == []
