"""A child process that ends with us: on an error, on Ctrl-C, and even when this process is killed."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from edge_asr.errors import ModelError

_POLL_S = 0.1


def run_child(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, tick: Callable[[], None] = lambda: None
) -> None:
    """Run a program to its end; what it prints is thrown away. `tick` is called while it runs.

    Raises ModelError with the program's last words when it fails. It is gone when this returns or raises.
    """
    program = Path(command[0]).name
    if shutil.which(command[0]) is None:
        raise ModelError(f"{program} cannot be started: it is not installed")
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            [*_guard(), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            env=None if environment is None else dict(environment),
        )
        try:
            while child.poll() is None:
                tick()
                time.sleep(_POLL_S)
        finally:
            child.kill()
            child.wait()
        complaints.seek(0)
        text = complaints.read().decode("utf8", "replace").strip()
    _check(program, child.returncode, text.splitlines()[-1] if text else "it said nothing")


def environment_with(**values: str) -> dict[str, str]:
    """This process's environment with some values set."""
    return {**os.environ, **values}


def _guard() -> list[str]:
    """Words that make the kernel kill a program with us; none where setpriv (of util-linux) cannot or may not."""
    words = [shutil.which("setpriv") or "", "--pdeathsig", "KILL", "--"]
    if not words[0]:
        return []
    tried = subprocess.run([*words, "true"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return words if tried.returncode == 0 else []


def _check(program: str, code: int, said: str) -> None:
    if code == -signal.SIGKILL:
        raise ModelError(
            f"{program} was killed, most likely for want of memory; free some, or build the model on a larger "
            "machine and copy its folder: the files are the same everywhere"
        )
    if code:
        ended = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise ModelError(f"{program} failed ({ended}): {said}")
