"""The house as it runs: daemon, PulseAudio, mosquitto and a subscriber, all real and each a process of its own."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from edge_asr.demo.broker import Broker
from edge_asr.demo.daemon import Daemon
from edge_asr.demo.pulse_server import PulseServer
from tests.waiting import wait_until

DEVICE = "ears"
FIRST_PASS = (
    "second_pass.enabled=false",
    "gate.vad=webrtc",  # whatever models this machine has beside the English one
    "audio.one_value_alarm_s=0",  # the virtual microphone is digitally silent when nobody speaks
)
_SEPARATOR = "\t"


@dataclass(frozen=True)
class Message:
    """One message as mosquitto_sub received it."""

    topic: str
    qos: int
    retained: bool
    body: dict[str, Any]


@dataclass
class Listener:
    """mosquitto_sub with QoS 1; it reconnects by itself, as subscribers do."""

    port: int
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        form = _SEPARATOR.join(("%t", "%q", "%r", "%p"))
        self.process = subprocess.Popen(
            ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(self.port), "-q", "1", "-t", "#", "-F", form],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",  # tests send bytes that are no text
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            parts = line.rstrip("\n").split(_SEPARATOR, 3)
            if len(parts) < 4:
                continue  # a payload of ours with more than one line
            topic, qos, retained, payload = parts
            body = json.loads(payload) if payload.startswith("{") else {"text": payload}
            leaf = topic.removeprefix(f"edge_asr/{DEVICE}/")
            self.messages.append(Message(leaf, int(qos), retained == "1", body))

    def of(self, topic: str) -> list[Message]:
        return [message for message in list(self.messages) if message.topic == topic]

    def texts(self) -> list[str]:
        return [str(message.body["text"]) for message in self.of("final")]

    def state(self) -> str:
        states = self.of("state")
        return str(states[-1].body["state"]) if states else ""

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()


@dataclass
class House:
    """All of it, running."""

    server: PulseServer
    broker: Broker
    daemon: Daemon
    listener: Listener

    def until_listening(self, deadline_s: float = 20.0) -> None:
        wait_until(lambda: self.listener.state() == "listening", deadline_s, "listening")

    def say(self, path: Path) -> None:
        """Play a file into the microphone, to its end."""
        assert self.server.play(path).wait(60) == 0


def started(stack: ExitStack, folder: Path, *settings: str) -> House:
    """A house with those settings, which is gone when the stack is closed."""
    empty = folder / "empty.toml"
    empty.touch()
    server = stack.enter_context(PulseServer())
    broker = stack.enter_context(Broker())
    listener = Listener(broker.port)
    stack.callback(listener.close)
    all_of_them = (f"mqtt.host={broker.host}", f"mqtt.port={broker.port}", f"device.id={DEVICE}", *settings)
    words = ["--config", str(empty), *(word for setting in all_of_them for word in ("--set", setting))]
    daemon = stack.enter_context(Daemon(words, server.environment(), show_log=True))
    return House(server, broker, daemon, listener)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A daemon that listens; everything is gone afterwards."""
    with ExitStack() as stack:
        made = started(stack, tmp_path, *FIRST_PASS)
        made.until_listening()
        yield made
