"""`edge-asr` as a person starts it: a process of its own, with a home and settings of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_asr.config import Config
from edge_asr.settings import ENVIRONMENT_PREFIX, model_folder

DEADLINE_S = 120.0
_EDGE_ASR = (sys.executable, "-m", "edge_asr")
Done = subprocess.CompletedProcess[str]


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Variables of this process without any settings of edge_asr; the models are found as before."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    kept.pop("EDGE_ASR_CONFIG", None)
    places = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "EDGE_ASR_MODELS": str(model_folder(Config())),
    }
    return {**kept, **places, **variables}


def edge_asr(home: Path, *words: str, given: bytes = b"", **variables: str) -> Done:
    """Run one command to its end; `given` is its standard input."""
    done = subprocess.run(
        [*_EDGE_ASR, *words],
        env=environment(home, **variables),
        input=given,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def the_one_line(done: Done, exit_code: int) -> str:
    """The only line on standard error, without the program's name; fails the test when there is more, or less."""
    assert (done.returncode, done.stdout) == (exit_code, ""), done
    return said_in_one_line(done.stderr)


def said_in_one_line(stderr: str) -> str:
    lines = stderr.splitlines()
    assert len(lines) == 1, stderr
    assert lines[0].startswith("edge-asr: "), stderr
    return lines[0].removeprefix("edge-asr: ")


class Running:
    """A daemon that runs now."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def is_up(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(DEADLINE_S)


@contextmanager
def daemon(home: Path, *words: str, **variables: str) -> Iterator[Running]:
    """`edge-asr run`, ended at the end whatever happens."""
    log = home / "daemon.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*_EDGE_ASR, "run", *words],
            env=environment(home, **variables),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # as a service, which no terminal controls
            stdout=file,
            stderr=file,
        )
    try:
        yield Running(process, log)
    finally:
        process.kill()
        process.wait(DEADLINE_S)
