"""A real Home Assistant on the loopback address, connected to a broker and asked as its own pages ask it.

EDGE_ASR_HOME_ASSISTANT names a Python that has the packages homeassistant (2024.12 or later), home-assistant-frontend,
paho-mqtt, hassil, home-assistant-intents, pymicro-vad, pyspeex-noise, mutagen, ha-ffmpeg and PyTurboJPEG, as the
manifest.json of its parts want them; `--skip-pip` keeps it from fetching more.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edge_asr.demo.broker import Broker
from tests import sample_events
from tests.sinks.subscriber import Subscriber
from tests.waiting import wait_until

BLUEPRINTS = Path(__file__).parents[2] / "deploy" / "home-assistant"
PYTHON = os.environ.get("EDGE_ASR_HOME_ASSISTANT", "")
needs_home_assistant = pytest.mark.skipif(
    not PYTHON,
    reason="EDGE_ASR_HOME_ASSISTANT names no Python with Home Assistant",
)
_START_DEADLINE_S = 120.0
_CONFIGURATION = """
homeassistant: {name: House, latitude: 0, longitude: 0, elevation: 0, time_zone: UTC}
http: {server_host: 127.0.0.1, server_port: PORT}
frontend:
conversation:
logger: {default: warning}
"""
_ENTRY: dict[str, object] = {
    "domain": "mqtt",
    "title": "broker",
    "source": "user",
    "entry_id": "01JGG0000000000000000000AA",
    "unique_id": None,
    "version": 1,
    "minor_version": 2,
    "options": {},
    "disabled_by": None,
    "discovery_keys": {},
    "subentries": [],
    "pref_disable_new_entities": False,
    "pref_disable_polling": False,
    "created_at": sample_events.NOW,
    "modified_at": sample_events.NOW,
}


class HomeAssistant:
    """One that runs. `port` is that of its pages, `folder` holds what it is configured with and its log."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._log = folder / "log"
        self._token = ""

    @property
    def log(self) -> str:
        """Its warnings and errors; those of the frontend's start are not ours."""
        return self._log.read_text("utf8", errors="replace")

    def has_started(self, house: Subscriber) -> None:
        """Wait until it has said so on the broker; what it could not load is in its log by then."""
        try:
            wait_until(lambda: house.payloads("homeassistant/status"), _START_DEADLINE_S, "Home Assistant")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log[-2000:]}") from None
        assert house.payloads("homeassistant/status") == [b"online"]

    def ask(self, kind: str, **fields: Any) -> Any:
        """The result of one command of its websocket, as the person who owns the house."""
        return asyncio.run(self._ask({"id": 1, "type": kind, **fields}))

    def state(self, entity_id: str) -> str:
        """What it says of an entity; empty as long as there is none."""
        found = [each["state"] for each in self.ask("get_states") if each["entity_id"] == entity_id]
        return str(found[0]) if found else ""

    def becomes(self, entity_id: str, state: str) -> None:
        """Wait until it says so."""
        wait_until(lambda: self.state(entity_id) == state, 15, f"{entity_id} to be {state}")

    async def _ask(self, command: dict[str, Any]) -> Any:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self.port}") as session:
            self._token = self._token or await self._owner(session)
            async with session.ws_connect("/api/websocket") as talk:
                assert (await talk.receive_json())["type"] == "auth_required"
                await talk.send_json({"type": "auth", "access_token": self._token})
                assert (await talk.receive_json())["type"] == "auth_ok"
                await talk.send_json(command)
                answer = await talk.receive_json()
        assert answer["success"], answer
        return answer["result"]

    @staticmethod
    async def _owner(session: aiohttp.ClientSession) -> str:
        """The first person there, as the first page makes one; returns what lets her in."""
        client_id = "http://house.example/"
        person = {"name": "Owner", "username": "owner", "password": "pa55-owner", "language": "en"}
        async with session.post("/api/onboarding/users", json={"client_id": client_id, **person}) as answer:
            code = (await answer.json())["auth_code"]
        grant = {"grant_type": "authorization_code", "client_id": client_id, "code": code}
        async with session.post("/auth/token", data=grant) as answer:
            return str((await answer.json())["access_token"])


@contextmanager
def home_assistant(folder: Path, broker: Broker, configuration: str) -> Iterator[HomeAssistant]:
    """Connected to the broker; its folder holds the blueprints where a person would put them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = folder / "blueprints" / "automation" / "edge_asr"
    place.mkdir(parents=True)
    for blueprint in BLUEPRINTS.glob("*.yaml"):
        shutil.copy(blueprint, place)
    (folder / "configuration.yaml").write_text(_CONFIGURATION.replace("PORT", str(port)) + configuration)
    (folder / ".storage").mkdir()
    entry = {**_ENTRY, "data": {"broker": broker.host, "port": broker.port}}
    stored = {"version": 1, "minor_version": 5, "key": "core.config_entries", "data": {"entries": [entry]}}
    (folder / ".storage" / "core.config_entries").write_text(json.dumps(stored))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PYTHON, "-m", "homeassistant", "-c", str(folder), "--skip-pip"],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield HomeAssistant(folder, port)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
