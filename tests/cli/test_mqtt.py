"""`edge-asr mqtt remove` as a person calls it."""

import subprocess
from pathlib import Path

import pytest

from edge_asr.demo.broker import Broker
from tests.cli.command import edge_asr, the_one_line

pytestmark = pytest.mark.broker


def remove(home: Path, broker: Broker, *words: str) -> "subprocess.CompletedProcess[str]":
    settings = (f"mqtt.host={broker.host}", f"mqtt.port={broker.port}", "device.id=kitchen", *words)
    return edge_asr(home, "mqtt", "remove", *(word for setting in settings for word in ("--set", setting)))


def keep(broker: Broker, topic: str, payload: str) -> None:
    subprocess.run(
        ["mosquitto_pub", "-h", broker.host, "-p", str(broker.port), "-r", "-t", topic, "-m", payload],
        check=True,
        timeout=20,
    )


def test_what_was_removed_is_named_and_the_second_time_there_is_nothing(tmp_path: Path, broker: Broker) -> None:
    keep(broker, "ha/device/edge_asr_kitchen/config", "{}")
    keep(broker, "edge_asr/kitchen/availability", "offline")
    where = f"{broker.host}:{broker.port}"
    done = remove(tmp_path, broker, "mqtt.discovery.prefix=ha")
    assert (done.returncode, done.stderr) == (0, "")
    topics = "ha/device/edge_asr_kitchen/config, edge_asr/kitchen/availability"
    assert done.stdout == f"'kitchen' is removed from {where}: {topics}\n"
    assert remove(tmp_path, broker, "mqtt.discovery.prefix=ha").stdout == f"there was nothing of 'kitchen' at {where}\n"


def test_a_device_that_runs_and_a_broker_that_is_away_are_one_line(tmp_path: Path, broker: Broker) -> None:
    keep(broker, "edge_asr/kitchen/availability", "online")
    assert "stop it first, sudo systemctl stop edge-asr" in the_one_line(remove(tmp_path, broker), 1)
    broker.stop()
    line = the_one_line(remove(tmp_path, broker), 1)
    assert line.startswith(f"nothing listens at {broker.host}:{broker.port}: start the broker")


def test_an_action_must_be_named(tmp_path: Path) -> None:
    done = edge_asr(tmp_path, "mqtt")
    assert (done.returncode, done.stdout) == (2, "")
    assert "ACTION" in done.stderr
