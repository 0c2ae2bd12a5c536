"""The daemon hears a file, a pipe, and a microphone through a recorder: the same words as `transcribe`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample
from tests.waiting import wait_until

pytestmark = [pytest.mark.bundle, pytest.mark.pulse]

PROGRAM = [sys.executable, "-m", "edge_asr"]
SETTINGS = [
    word
    for setting in ("mqtt.enabled=false", "second_pass.enabled=false", "jsonl.path=-", "gate.vad=webrtc")
    for word in ("--set", setting)
]


class Daemon:
    """`edge-asr run`, its standard output and error in files."""

    def __init__(self, folder: Path, *settings: str, stdin: int | None = None) -> None:
        self._lines, self._log = folder / "lines", folder / "log"
        config = folder / "empty.toml"
        config.touch()
        more = [word for setting in settings for word in ("--set", setting)]
        with self._lines.open("wb") as lines, self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, "run", "--config", str(config), *SETTINGS, *more],
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=lines,
                stderr=log,
            )

    def log(self) -> str:
        return self._log.read_text()

    def text(self) -> str:
        """All finals so far."""
        events = [json.loads(line) for line in self._lines.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return " ".join(event["text"] for event in events if event["event_type"] == "final" and event["text"])

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10.0)


@pytest.fixture(scope="module")
def speech() -> Path:
    return sample()[0]


@pytest.fixture(scope="module")
def words(speech: Path) -> str:
    done = subprocess.run(
        [*PROGRAM, "transcribe", *SETTINGS, str(speech)], capture_output=True, text=True, check=True, timeout=120.0
    )
    text = " ".join(done.stdout.split())
    assert len(text.split()) > 5
    return text


@pytest.fixture
def daemons() -> Iterator[list[Daemon]]:
    made: list[Daemon] = []
    yield made
    for daemon in made:
        daemon.process.kill()
        daemon.process.wait()


@pytest.mark.parametrize("source", ["file", "stdin"])
def test_what_is_played_is_heard_as_transcribe_hears_it(
    daemons: list[Daemon], tmp_path: Path, speech: Path, words: str, source: str
) -> None:
    if source == "file":
        daemons.append(Daemon(tmp_path, f"audio.source=file:{speech}"))
    else:
        with speech.open("rb") as stdin:
            daemons.append(Daemon(tmp_path, "audio.source=stdin", stdin=stdin.fileno()))
    daemon = daemons[0]
    wait_until(lambda: "has ended; restart edge-asr to hear more" in daemon.log(), 60.0, f"its end: {daemon.log()}")
    wait_until(lambda: daemon.text() == words, 10.0, f"{words!r}, not {daemon.text()!r}")
    assert daemon.process.poll() is None
    assert daemon.end() == 0


def test_a_recorder_hears_as_well(
    daemons: list[Daemon], tmp_path: Path, speech: Path, words: str, pulse_server: PulseServer
) -> None:
    daemons.append(Daemon(tmp_path, "audio.backend=parec"))
    daemon = daemons[0]
    wait_until(lambda: "listening to Virtual_USB_Mic" in daemon.log(), 60.0, f"listening: {daemon.log()}")
    assert pulse_server.play(speech).wait(30.0) == 0
    wait_until(lambda: daemon.text().split()[-1:] == words.split()[-1:], 10.0, f"{words!r}, not {daemon.text()!r}")
    assert daemon.end() == 0
    assert "edge_asr" not in pulse_server.pactl("list", "source-outputs")
    assert not any(_is_parec(folder) for folder in Path("/proc").glob("[0-9]*"))


def _is_parec(folder: Path) -> bool:
    try:
        words = (folder / "cmdline").read_bytes().split(b"\0")
        environment = (folder / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    ours = f"PULSE_SERVER={os.environ['PULSE_SERVER']}".encode()
    return Path(os.fsdecode(words[0])).name == "parec" and ours in environment
