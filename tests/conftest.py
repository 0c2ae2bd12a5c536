"""Fixtures with a real server behind them; each test gets its own."""

from collections.abc import Iterator

import pytest

from edge_asr.demo.broker import Broker
from edge_asr.demo.pulse_server import PulseServer

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
