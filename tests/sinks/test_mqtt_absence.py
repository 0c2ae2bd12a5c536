"""The mouth and a mosquitto that is away, comes back without a memory or hangs: what is lost is counted."""

import json
import threading
import time

import pytest

from edge_asr.demo.broker import Broker
from tests import sample_events
from tests.sinks.conftest import MakeMouth
from tests.sinks.finals import finals_taken, texts
from tests.sinks.subscriber import Subscriber, wait_for

pytestmark = pytest.mark.broker


def test_no_final_of_an_absence_is_lost_and_all_are_in_order(make_mouth: MakeMouth) -> None:
    with Broker(persistence=True) as broker, Subscriber(broker.port) as subscriber:
        mouth = make_mouth(broker.port)
        mouth.sink.report(sample_events.state("listening"))
        mouth.sink.start()
        wait_for(lambda: mouth.connected)
        stop_talking = threading.Event()
        spoken = 0

        def talk() -> None:
            nonlocal spoken
            while not stop_talking.is_set():
                mouth.sink.emit(sample_events.final(f"words {spoken}", f"s-{spoken}"))
                spoken += 1
                time.sleep(0.002)

        talker = threading.Thread(target=talk)
        talker.start()
        try:
            subscriber.wait_for(lambda: len(subscriber.payloads("/final")) > 20)
            broker.stop()
            wait_for(lambda: not mouth.connected)
            mouth.sink.emit(sample_events.partial())
            mouth.sink.report(sample_events.state("degraded", "no microphone"))
            mouth.sink.report(sample_events.state("muted"))
            broker.start()
            wait_for(lambda: mouth.connected)
        finally:
            stop_talking.set()
            talker.join()
        mouth.sink.stop(10.0)
        subscriber.wait_for(lambda: subscriber.messages[-1].payload == b"offline")
        received = dict.fromkeys(texts(subscriber.payloads("/final")))  # at least once: repetitions are unfolded
        assert list(received) == [f"words {number}" for number in range(spoken)]
        states = [json.loads(payload)["state"] for payload in subscriber.payloads("/state")]
        assert states[0] == "listening"
        assert states[-1] == "muted"
        assert "degraded" not in states
        assert subscriber.payloads("/partial") == []
        assert mouth.dropped("offline") == 1
        assert mouth.dropped("queue_full") + mouth.dropped("stopped") == 0


def test_a_broker_that_lost_its_memory_gets_everything_too(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port)
    mouth.sink.report(sample_events.state())
    mouth.sink.start()
    wait_for(lambda: "/state'" in broker.log)
    broker.kill()
    wait_for(lambda: not mouth.connected)
    for number in range(100):
        mouth.sink.emit(sample_events.final(segment_id=f"s-{number}"))
    broker.start()
    wait_for(lambda: finals_taken(broker) == 100)
    mouth.sink.stop(10.0)
    order = [line.split("'")[1].rsplit("/", 1)[1] for line in broker.log.splitlines() if "Received PUBLISH" in line]
    assert [topic for topic in order if topic != "state"] == ["availability", *["final"] * 100, "availability"]
    assert "state" in order[:3]  # again, when the old one was not acknowledged before the broker was gone
    assert mouth.dropped("stopped") + mouth.dropped("queue_full") == 0


def test_a_broker_that_comes_later_is_found(make_mouth: MakeMouth) -> None:
    with Broker() as broker:
        broker.stop()
        mouth = make_mouth(broker.port)
        begun = time.monotonic()
        mouth.sink.start()
        mouth.sink.report(sample_events.state())
        mouth.sink.emit(sample_events.final("early words"))
        assert time.monotonic() - begun < 1.0
        wait_for(lambda: bool(mouth.news))
        assert not mouth.connected
        assert f"nothing listens at 127.0.0.1:{broker.port}" in mouth.reason
        broker.start()
        wait_for(lambda: mouth.connected)
        wait_for(lambda: finals_taken(broker) == 1)


def test_the_queue_is_bounded_and_its_loss_counted(make_mouth: MakeMouth) -> None:
    with Broker(persistence=True) as broker:
        with Subscriber(broker.port):
            pass  # from now on the broker keeps for it what it misses
        broker.stop()
        mouth = make_mouth(broker.port, queue_messages=10)
        mouth.sink.start()
        for number in range(25):
            mouth.sink.emit(sample_events.final(f"words {number}", f"s-{number}"))
        assert mouth.dropped("queue_full") == 15
        broker.start()
        wait_for(lambda: finals_taken(broker) == 10)
        with Subscriber(broker.port) as subscriber:
            subscriber.wait_for(lambda: len(subscriber.payloads("/final")) == 10)
            assert texts(subscriber.payloads("/final")) == [f"words {number}" for number in range(15, 25)]


def test_stop_without_a_broker_keeps_its_deadline_and_counts(make_mouth: MakeMouth) -> None:
    with Broker() as broker:
        broker.stop()
        mouth = make_mouth(broker.port)
        mouth.sink.start()
        for number in range(5):
            mouth.sink.emit(sample_events.final(segment_id=f"s-{number}"))
        begun = time.monotonic()
        mouth.sink.stop(0.5)
        assert time.monotonic() - begun < 5.0
        assert mouth.dropped("stopped") == 5


def test_a_broker_that_hangs_holds_nobody_up(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port, queue_messages=100)
    mouth.sink.start()
    wait_for(lambda: mouth.connected)
    broker.suspend()
    begun = time.monotonic()
    for number in range(1000):
        mouth.sink.emit(sample_events.final("words " * 200, f"s-{number}"))
        mouth.sink.emit(sample_events.partial(segment_id=f"s-{number}"))
    assert time.monotonic() - begun < 5.0
    assert mouth.dropped("queue_full") > 0
    assert mouth.dropped("slow_broker") > 0
    mouth.sink.stop(0.5)
    broker.resume()
    assert mouth.dropped("stopped") > 0
