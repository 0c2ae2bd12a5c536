from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from paho.mqtt import publish

from edge_asr import events
from edge_asr.demo.broker import Broker
from tests.demo.stage import Stage
from tests.sample_events import final, partial, state

pytestmark = pytest.mark.broker


@pytest.fixture
def listener(tmp_path: Path, broker: Broker) -> Iterator[Stage]:
    where = ["--set", f"mqtt.host={broker.host}", "--set", f"mqtt.port={broker.port}"]
    stage = Stage(tmp_path, "edge_asr", *where, command=["listen"])
    yield stage
    stage.clear()


def send(broker: Broker, topic: str, payload: bytes) -> None:
    publish.single(topic, payload, qos=1, hostname=broker.host, port=broker.port)


def test_all_devices_are_shown_and_a_signal_ends_it(broker: Broker, listener: Stage) -> None:
    listener.wait_for(f"Listening to edge_asr/# at {broker.host}:{broker.port}; Ctrl-C ends.\n")
    send(broker, "edge_asr/k1/state", msgspec.json.encode(state()))
    send(broker, "edge_asr/k1/partial", events.encode(partial("had")))
    send(broker, "edge_asr/k1/final", events.encode(final("had he")))
    send(broker, "edge_asr/k2/final", b"nonsense")
    send(broker, "edge_asr/k2/final", events.encode(final("good morning")))
    send(broker, "edge_asr/k2/availability", b"offline")
    listener.wait_for("k2: offline\n")
    listener.process.terminate()
    assert listener.end() == 0
    lines = listener.output().splitlines()[1:]
    assert lines[0] == "k1: listening to USB mic, model small"
    assert [line.partition("  ")[2] for line in lines[1:3]] == ["0.71 s  k1: had he", "0.71 s  k2: good morning"]
    assert lines[3:] == ["k2: offline", "messages that were none of edge_asr's: 1"]


def test_a_broker_that_restarts_is_two_lines(broker: Broker, listener: Stage) -> None:
    listener.wait_for("Ctrl-C ends.\n")
    broker.restart()
    listener.wait_for(" is back\n")
    assert " is lost " in listener.output()
    assert "Traceback" not in listener.output()


def test_no_broker_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "edge_asr", "--set", "mqtt.port=1", command=["listen"])
    try:
        assert stage.end() == 1
        assert stage.output().startswith("edge-asr: nothing listens at localhost:1: ")
        assert len(stage.output().splitlines()) == 1
    finally:
        stage.clear()
