"""The example flow: whole in itself, and run by a real Node-RED where there is one."""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_asr.demo.broker import Broker
from tests.deploy.house import Device, final, running
from tests.sinks.subscriber import Subscriber
from tests.waiting import wait_until

FLOW = Path(__file__).parents[2] / "deploy" / "node-red" / "finals.json"
NODE_RED = os.environ.get("EDGE_ASR_NODE_RED") or shutil.which("node-red")
SETTINGS = """
module.exports = {
  flowFile: "flows.json", uiHost: "127.0.0.1", uiPort: PORT, telemetry: {enabled: false, updateNotification: false},
};
"""
_START_DEADLINE_S = 60.0


def nodes() -> list[dict[str, Any]]:
    flow: list[dict[str, Any]] = json.loads(FLOW.read_text("utf8"))
    return flow


def test_every_wire_leads_to_a_node_and_every_node_has_a_place() -> None:
    by_id = {node["id"]: node for node in nodes()}
    assert len(by_id) == len(nodes())
    for node in nodes():
        for wires in node.get("wires", []):
            assert set(wires) <= set(by_id)
        if node["type"].startswith("mqtt ") and node["type"] != "mqtt-broker":
            assert by_id[node["broker"]]["type"] == "mqtt-broker"
            assert node["qos"] == "1"
        if "z" in node:
            assert by_id[node["z"]]["type"] == "tab"
            assert node["x"] > 0 < node["y"]


@contextmanager
def node_red(program: str, folder: Path, broker: Broker) -> Iterator[None]:
    """The flow as an import makes it, with the broker's address filled in."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "settings.js").write_text(SETTINGS.replace("PORT", str(port)))
    flow = [
        {**node, "broker": broker.host, "port": str(broker.port)} if node["type"] == "mqtt-broker" else node
        for node in nodes()
    ]
    (folder / "flows.json").write_text(json.dumps(flow))
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "--userDir", str(folder)], stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        wait_until(lambda: "Connected to broker" in log.read_text(), _START_DEADLINE_S, "Node-RED's connection")
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.broker
@pytest.mark.skipif(NODE_RED is None, reason="no node-red (npm install node-red, and EDGE_ASR_NODE_RED=its program)")
def test_words_switch_the_light_of_their_room_once_and_old_ones_do_not(tmp_path: Path, broker: Broker) -> None:
    now = datetime.now(UTC)
    old, new = (now - timedelta(minutes=5)).isoformat(), now.isoformat()
    kitchen, pantry = Device("kitchen", broker.port), Device("pantry", broker.port)
    assert NODE_RED is not None
    with (
        Subscriber(broker.port) as house,
        running(kitchen, pantry),
        node_red(NODE_RED, tmp_path, broker),
    ):
        house.wait_for(lambda: broker.log.count("Sending SUBACK") >= 4)
        kitchen.say(final("Turn on the light.", "k-1", end=old))
        kitchen.say(final("Please turn on the lights!", "k-2", end=new))
        kitchen.say(final("Please turn on the lights!", "k-2", end=new))
        kitchen.say(final("the lighthouse on the hill", "k-3", end=new))
        kitchen.say(final("light off", "k-4", end=new))
        house.wait_for(lambda: len(house.payloads("kitchen/light/set")) >= 2)
        pantry.say(final("lights on", "p-1", end=old, clock_synced=False))
        house.wait_for(lambda: len(house.payloads("pantry/light/set")) == 1)
        assert house.payloads("kitchen/light/set") == [b"ON", b"OFF"]
        assert house.payloads("pantry/light/set") == [b"ON"]
        assert not any(message.retained for message in house.messages if message.topic.startswith("house/"))
