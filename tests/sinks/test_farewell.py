"""Taking a device off a real mosquitto, and every reason why that may fail."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_asr.config import MqttConfig
from edge_asr.demo.broker import Broker
from edge_asr.errors import SinkError
from edge_asr.events import LadderReport, LoadReport
from edge_asr.sinks.farewell import remove_device
from tests.sinks.subscriber import wait_for
from tests.sinks.test_mqtt_control import BASE, CONFIG_TOPIC, HOLD, Device, send, subscribed

pytestmark = pytest.mark.broker


def kept(broker: Broker) -> list[str]:
    done = subprocess.run(
        ["mosquitto_sub", "-p", str(broker.port), "-t", "#", "--retained-only", "-W", "1", "-F", "%t"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return sorted(done.stdout.split())


def config(broker: Broker) -> MqttConfig:
    return MqttConfig(host="127.0.0.1", port=broker.port)


@contextmanager
def device_was_here(broker: Broker) -> Iterator[Device]:
    device = Device(broker.port)
    device.sink.start()
    wait_for(lambda: f"'{BASE}/sensitivity/state'" in broker.log and subscribed(broker))
    yield device
    device.sink.stop(5.0)


def test_everything_of_the_device_goes_and_nothing_of_others(broker: Broker) -> None:
    others = ["edge_asr/kitchen2/state", "homeassistant/device/other/config", f"{BASE}/mute/set"]
    for topic in others:
        send(broker, topic, "theirs", retain=True)
    with device_was_here(broker) as device:
        device.sink.report(LoadReport(rtf=0.1, lag_s=0.1, over_s=60.0))
        device.sink.report(LadderReport(rung="all", cause=None, temperature_celsius=None, since="then"))
    ours = [*HOLD, f"{BASE}/load", f"{BASE}/ladder", f"{BASE}/availability"]
    assert kept(broker) == sorted([*others, *ours])
    assert sorted(remove_device(config(broker), "kitchen")) == sorted(ours)
    assert kept(broker) == sorted(others)
    assert remove_device(config(broker), "kitchen") == []


def test_a_device_that_is_online_is_left_alone(broker: Broker) -> None:
    with device_was_here(broker):
        with pytest.raises(SinkError, match=r"'kitchen' is online at .*: stop it first, sudo systemctl stop edge-asr"):
            remove_device(config(broker), "kitchen")
        assert CONFIG_TOPIC in kept(broker)


def test_an_access_list_that_forbids_it_is_named(tmp_path: Path) -> None:
    rules, secret = tmp_path / "acl", tmp_path / "password"
    rules.write_text(f"user edge\ntopic readwrite {BASE}/#\ntopic read {CONFIG_TOPIC}\nuser house\ntopic readwrite #\n")
    secret.write_text("right")
    for file in (rules, secret):
        file.chmod(0o600)
    with Broker(users={"edge": "right", "house": "h"}, lines=[f"acl_file {rules}"]) as broker:
        where = ["-p", str(broker.port), "-u", "house", "-P", "h"]
        subprocess.run(["mosquitto_pub", *where, "-r", "-t", CONFIG_TOPIC, "-m", "{}"], check=True, timeout=20)
        user = MqttConfig(host="127.0.0.1", port=broker.port, username="edge", password_file=str(secret))
        with pytest.raises(SinkError, match=rf"still holds {CONFIG_TOPIC}: allow edge to write there .* readwrite"):
            remove_device(user, "kitchen")
