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
from edge_asr.demo.sample import sample
from edge_asr.settings import model_folder
from tests.e2e.conftest import DEVICE, FIRST_PASS, Listener
from tests.pipewire_server import PipeWireServer
from tests.waiting import wait_until

collect_ignore_glob = [] if os.environ.get("EDGE_ASR_IMAGE") else ["test_*.py"]

CLEAR = "he might even have been made amiable himself"


@dataclass
class Home:
    """Sound server, broker and subscriber of this machine; what the containers are given of them."""

    server: PulseServer | PipeWireServer
    broker: Broker
    listener: Listener
    models: Path = field(default_factory=lambda: model_folder(Config()))

    @property
    def socket(self) -> Path:
        """Where the sound server listens."""
        return Path(self.server.environment()["PULSE_SERVER"].removeprefix("unix:"))

    def sound(self) -> list[str]:
        """The sound server's socket, where the image looks for it. No cookie: this server lets everybody in."""
        return ["-v", f"{self.socket}:/run/pulse/native"]

    def flags(self) -> list[str]:
        """All that a daemon is given, and no more."""
        return [*self.sound(), *self.rest()]

    def rest(self) -> list[str]:
        """What is no sound."""
        return ["--network=host", "-v", f"{self.models}:/var/lib/edge_asr/models:ro"]

    def command(self, *more: str) -> list[str]:
        settings = (
            f"mqtt.host={self.broker.host}", f"mqtt.port={self.broker.port}", f"device.id={DEVICE}", *FIRST_PASS, *more
        )  # fmt: skip
        return ["run", *(word for setting in settings for word in ("--set", setting))]

    def hears(self, within_s: float = 30.0) -> str:
        """Say the clear sentence, and return what is published of it."""
        before = len(self.listener.texts())
        assert self.server.play(sample()[4]).wait(60) == 0
        wait_until(lambda: len(self.listener.texts()) > before, within_s, "the sentence")
        return self.listener.texts()[-1]

    def until_listening(self, within_s: float = 60.0) -> None:
        wait_until(lambda: self.listener.state() == "listening", within_s, "listening")


@pytest.fixture(params=["pulseaudio"])
def home(request: pytest.FixtureRequest) -> Iterator[Home]:
    """All of it running; gone afterwards."""
    with ExitStack() as stack:
        server = PipeWireServer() if request.param == "pipewire" else PulseServer()
        stack.enter_context(server)
        broker = stack.enter_context(Broker())
        listener = Listener(broker.port)
        stack.callback(listener.close)
        yield Home(server, broker, listener)
