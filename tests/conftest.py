"""Fixtures with a real server behind them; each test gets its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_asr import settings
from edge_asr.demo.broker import Broker
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.settings import ENVIRONMENT_PREFIX
from tests.pipewire_server import PipeWireServer, missing


@pytest.fixture(autouse=True, scope="session")
def no_settings_of_this_person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the person at the keyboard has set for the own daemon must not reach ours."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            if name.startswith(ENVIRONMENT_PREFIX) or name in {"EDGE_ASR_CONFIG", "CREDENTIALS_DIRECTORY"}:
                patch.delenv(name)
        patch.setattr(settings, "SYSTEM_FILE", tmp_path_factory.mktemp("etc") / "config.toml")
        yield


@pytest.fixture(autouse=True)
def no_state_of_another_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was last said of mute and sensitivity is kept for the next daemon: not for that of another test."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state_home"))


# --- a private PulseAudio ---


@pytest.fixture
def pulse_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseServer]:
    """A running server with the microphone `usb_mic`; this process and its children see it and no other."""
    with PulseServer() as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A real mosquitto that lets everyone in."""
    with Broker() as running:
        yield running


@pytest.fixture
def pipewire_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PipeWireServer]:
    """A running PipeWire with the microphone `usb_mic`; this process and its children see it and no other."""
    if packages := missing():
        pytest.skip(f"no PipeWire here: sudo apt install {packages}")
    with PipeWireServer() as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield server
