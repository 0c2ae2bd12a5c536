"""Every command of the page about mosquitto_sub, as it stands there."""

import os
import pty
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Self

import pytest

from edge_asr.demo.broker import Broker
from tests import sample_events
from tests.deploy.house import Device, final, running
from tests.sinks.subscriber import wait_for

pytestmark = pytest.mark.broker
PAGE = Path(__file__).parents[2] / "deploy" / "mosquitto" / "SUBSCRIBE.md"
EXAMPLES = re.findall(r"```sh\n(.*?)```\n```text\n(.*?)```", PAGE.read_text("utf8"), re.DOTALL)


def test_each_command_of_the_page_has_its_output() -> None:
    text = PAGE.read_text("utf8")
    assert len(EXAMPLES) == text.count("```sh") == text.count("```text") >= 10


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed (sudo apt install jq)")
@pytest.mark.parametrize(("command", "printed"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_it_prints_what_the_page_says(command: str, printed: str, broker: Broker, tmp_path: Path) -> None:
    kitchen, pantry = Device("kitchen", broker.port), Device("pantry", broker.port)
    with running(kitchen, pantry), Terminal(command, broker.port, tmp_path) as terminal:
        if printed not in terminal.text:
            wait_for(lambda: re.search(r"Sending SUBACK to (?!edge_asr-)", broker.log) is not None)
            speak(kitchen, pantry, broker, again="segment_id" in command)
        wait_for(lambda: len(terminal.text) >= len(printed))
        assert sorted(terminal.text.splitlines()) == sorted(printed.splitlines())


def speak(kitchen: Device, pantry: Device, broker: Broker, *, again: bool) -> None:
    said = final("Turn on the light.", "k-1")
    kitchen.say(sample_events.partial("turn on", "k-1"))
    for _ in range(2 if again else 1):
        kitchen.say(said)
    kitchen.say(sample_events.error("the utterance was lost"))
    wait_for(lambda: "'edge_asr/kitchen/event'" in broker.log)
    pantry.say(final("is there milk", "p-1", confidence=0.55))


class Terminal:
    """A shell that believes a person is there."""

    def __init__(self, command: str, port: int, home: Path) -> None:
        self._here, there = pty.openpty()
        self._process = subprocess.Popen(
            ["sh", "-c", command.replace("broker.local", f"127.0.0.1 -p {port}")],
            stdout=there,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home)},
            start_new_session=True,
        )
        os.close(there)
        os.set_blocking(self._here, False)
        self._text = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._here)

    @property
    def text(self) -> str:
        """What was printed so far."""
        try:
            while piece := os.read(self._here, 4096):
                self._text += piece
        except OSError:  # nothing more now, or ever
            pass
        return self._text.decode().replace("\r\n", "\n")
