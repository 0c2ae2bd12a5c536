"""The mouth against a real mosquitto: topics, order, goodbye."""

import json
import signal
import subprocess
import sys
import textwrap
import threading

import msgspec
import pytest

from edge_asr.demo.broker import Broker
from edge_asr.errors import ConfigError
from edge_asr.events import Event, LadderReport, LoadReport, ModelReport, encode
from tests import sample_events
from tests.sinks.conftest import MakeMouth
from tests.sinks.finals import texts
from tests.sinks.subscriber import Subscriber, wait_for

pytestmark = pytest.mark.broker


def test_each_kind_goes_to_its_topic_with_its_quality(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port, topic_prefix="house/ears")
    with Subscriber(broker.port) as subscriber:
        mouth.sink.report(sample_events.state())
        mouth.sink.start()
        wait_for(lambda: mouth.connected)
        sent: list[Event] = [
            sample_events.speech_started(),
            sample_events.partial(),
            sample_events.speech_ended(),
            sample_events.final(),
            sample_events.error(),
        ]
        for event in sent:
            mouth.sink.emit(event)
        subscriber.wait_for(lambda: len(subscriber.messages) == 7)
        base = "house/ears/kitchen"
        by_topic = [(message.topic, message.qos) for message in subscriber.messages]
        assert by_topic == [
            (f"{base}/availability", 1),
            (f"{base}/state", 1),
            (f"{base}/event", 1),
            (f"{base}/partial", 0),
            (f"{base}/event", 1),
            (f"{base}/final", 1),
            (f"{base}/event", 1),
        ]
        assert [message.payload for message in subscriber.messages[2:]] == [encode(event) for event in sent]
        assert subscriber.messages[0].payload == b"online"
        assert json.loads(subscriber.messages[1].payload)["state"] == "listening"
    # a newcomer receives what is retained, and nothing that was said
    kept = subprocess.run(
        ["mosquitto_sub", "-p", str(broker.port), "-t", "#", "--retained-only", "-W", "1", "-F", "%t %q %r"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert sorted(kept.stdout.split("\n")[:-1]) == [f"{base}/availability 0 1", f"{base}/state 0 1"]
    assert mouth.metrics.registry.get_sample_value("edge_asr_broker_connected") == 1


def test_each_report_has_its_topic_and_is_retained(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port)
    mouth.sink.report(LoadReport(rtf=0.03, lag_s=0.1, over_s=60.0))
    mouth.sink.report(LadderReport(rung="no_partials", cause="heat", temperature_celsius=84.0, since="then"))
    mouth.sink.report(ModelReport(installed_version="1", latest_version="1", title="a model"))
    mouth.sink.start()
    wait_for(lambda: "/model/update'" in broker.log)
    with Subscriber(broker.port) as subscriber:
        subscriber.wait_for(lambda: len(subscriber.messages) == 4)
        assert {message.topic.removeprefix("edge_asr/kitchen/") for message in subscriber.messages} == {
            "availability", "load", "ladder", "model/update",
        }  # fmt: skip
        assert all(message.retained for message in subscriber.messages)
        assert json.loads(subscriber.payloads("/load")[0]) == {"rtf": 0.03, "lag_s": 0.1, "over_s": 60.0}


def test_partials_can_be_switched_off(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port, partials=False)
    with Subscriber(broker.port) as subscriber:
        mouth.sink.start()
        wait_for(lambda: mouth.connected)
        mouth.sink.emit(sample_events.partial())
        mouth.sink.emit(sample_events.final())
        subscriber.wait_for(lambda: bool(subscriber.payloads("/final")))
        assert subscriber.payloads("/partial") == []


def test_a_number_that_json_does_not_know_is_never_sent(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port)
    with Subscriber(broker.port) as subscriber:
        mouth.sink.start()
        mouth.sink.emit(msgspec.structs.replace(sample_events.final(), confidence=float("nan")))
        subscriber.wait_for(lambda: bool(subscriber.payloads("/final")))

        def refuse(constant: str) -> None:
            pytest.fail(f"{constant} in a payload")

        document = json.loads(subscriber.payloads("/final")[0], parse_constant=refuse)
        assert document["confidence"] is None


def test_stop_delivers_what_waits_and_says_offline_last(broker: Broker, make_mouth: MakeMouth) -> None:
    mouth = make_mouth(broker.port)
    with Subscriber(broker.port) as subscriber:
        mouth.sink.start()
        wait_for(lambda: mouth.connected)
        for number in range(200):
            mouth.sink.emit(sample_events.final(f"words {number}", f"s-{number}"))
        mouth.sink.stop(10.0)
        subscriber.wait_for(lambda: subscriber.messages[-1].payload == b"offline")
        assert texts(subscriber.payloads("/final")) == [f"words {number}" for number in range(200)]
        assert mouth.dropped("stopped") == 0
        mouth.sink.emit(sample_events.final())
        assert mouth.dropped("stopped") == 1
    assert not [thread for thread in threading.enumerate() if "mqtt" in thread.name and "listener" not in thread.name]


def test_a_killed_process_leaves_offline_behind(broker: Broker) -> None:
    program = textwrap.dedent(
        """
        import sys, time
        from edge_asr.config import MqttConfig
        from edge_asr.metrics import Metrics
        from edge_asr.sinks.mqtt import MqttSink
        sink = MqttSink(MqttConfig(host="127.0.0.1", port=int(sys.argv[1])), "kitchen", Metrics())
        sink.start()
        time.sleep(60)
        """
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(broker.port)])
    try:
        with Subscriber(broker.port) as subscriber:
            subscriber.wait_for(lambda: subscriber.payloads("/availability") == [b"online"])
            child.send_signal(signal.SIGKILL)
            subscriber.wait_for(lambda: subscriber.payloads("/availability") == [b"online", b"offline"])
            assert subscriber.messages[-1].qos == 1
    finally:
        child.kill()
        child.wait()


def test_a_sink_that_never_started_stops(make_mouth: MakeMouth) -> None:
    mouth = make_mouth(1883)
    mouth.sink.stop(1.0)
    mouth.sink.stop(1.0)


def test_the_password_comes_from_the_constructor_before_the_file(make_mouth: MakeMouth) -> None:
    with Broker(users={"edge": "secret"}) as broker:
        mouth = make_mouth(broker.port, password="secret", username="edge", password_file="missing")
        mouth.sink.start()
        wait_for(lambda: mouth.connected)


def test_a_missing_password_file_is_found_before_anything_starts(make_mouth: MakeMouth) -> None:
    with pytest.raises(ConfigError, match=r"mqtt\.password_file: cannot read 'missing'"):
        make_mouth(1883, username="edge", password_file="missing")


def test_a_host_that_is_no_name_is_found_before_anything_starts(make_mouth: MakeMouth) -> None:
    with pytest.raises(ConfigError, match=r"mqtt\.host = 'a\.\.b' is not a host name"):
        make_mouth(1883, host="a..b")
