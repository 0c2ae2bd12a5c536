"""The images as they are used: with this machine's virtual microphone and a real broker. `make test-images` runs these.

They want the images to be built, podman, and minutes; so `make test` does not collect them.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_asr.config import Config
from edge_asr.demo.broker import Broker
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.settings import model_folder
from tests.e2e.conftest import DEVICE, FIRST_PASS, Listener
from tests.system.images.container import Container

collect_ignore_glob = [] if os.environ.get("EDGE_ASR_IMAGE") else ["test_*.py"]

_FOREIGN_READY_S = 180.0


@dataclass
class Home:
    """Sound server, broker and subscriber of this machine; what the containers are given of them."""

    server: PulseServer
    broker: Broker
    listener: Listener
    models: Path = field(default_factory=lambda: model_folder(Config()))

    def sound(self) -> list[str]:
        """The sound server's socket, where the image looks for it. No cookie: this server lets everybody in."""
        return ["-v", f"{self.server.socket}:/run/pulse/native"]

    def flags(self) -> list[str]:
        """All that a daemon is given, and no more."""
        return [*self.sound(), "--network=host", "-v", f"{self.models}:/var/lib/edge_asr/models:ro"]

    def command(self, *more: str) -> list[str]:
        settings = (
            f"mqtt.host={self.broker.host}", f"mqtt.port={self.broker.port}", f"device.id={DEVICE}", *FIRST_PASS, *more
        )  # fmt: skip
        return ["run", *(word for setting in settings for word in ("--set", setting))]

    def until_listening(self, container: Container) -> None:
        container.until_logged("listening", _FOREIGN_READY_S)


@pytest.fixture
def home() -> Iterator[Home]:
    """All of it running; gone afterwards."""
    with ExitStack() as stack:
        server = stack.enter_context(PulseServer())
        broker = stack.enter_context(Broker())
        listener = Listener(broker.port)
        stack.callback(listener.close)
        yield Home(server, broker, listener)
