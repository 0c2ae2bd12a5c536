"""Child processes that end with us: on an error, on Ctrl-C, and even when this process is killed."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from edge_asr.errors import ModelError

_POLL_S = 0.1


def run_pipeline(
    commands: Sequence[Sequence[str]],
    *,
    output: Path | None = None,
    environment: Mapping[str, str] | None = None,
    tick: Callable[[], None] = lambda: None,
) -> None:
    """Run `first | second | ...`, the last one into `output` (None: thrown away). `tick` is called while it runs.

    Raises ModelError with the failed program's last words. No child is left when this returns or raises.
    """
    with ExitStack() as stack:
        complaints = stack.enter_context(tempfile.TemporaryFile())
        sink = stack.enter_context(output.open("wb")) if output else subprocess.DEVNULL
        children: list[subprocess.Popen[bytes]] = []
        try:
            for number, command in enumerate(commands):
                before = children[-1].stdout if children else subprocess.DEVNULL
                last = number == len(commands) - 1
                child = subprocess.Popen(
                    [*_guard(), *command],
                    stdin=before,
                    stdout=sink if last else subprocess.PIPE,
                    stderr=complaints,
                    env=dict(environment) if environment is not None else None,
                )
                if children and children[-1].stdout:
                    children[-1].stdout.close()  # only the next child reads it: it must see the end
                children.append(child)
            while any(child.poll() is None for child in children):
                tick()
                time.sleep(_POLL_S)
        except FileNotFoundError as error:
            raise ModelError(f"{error.filename} cannot be started: it is not installed") from error
        finally:
            for child in children:
                child.kill()
                child.wait()
                if child.stdout:
                    child.stdout.close()
        _check(commands, [child.returncode for child in children], complaints)


def _guard() -> list[str]:
    """Words before a command that make the kernel kill it when this process dies; Debian's util-linux has them."""
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


def _check(commands: Sequence[Sequence[str]], codes: Sequence[int], complaints: object) -> None:
    # A program whose reader has failed dies of SIGPIPE: the reader is the one to name.
    failed = [index for index, code in enumerate(codes) if code and code != -signal.SIGPIPE]
    if not failed:
        return
    program, code = Path(commands[failed[0]][0]).name, codes[failed[0]]
    if code == -signal.SIGKILL:
        raise ModelError(
            f"{program} was killed, most likely for want of memory; free some, or build the model on a larger "
            "machine and copy its folder: the files are the same everywhere"
        )
    complaints.seek(0)  # type: ignore[attr-defined]
    text = complaints.read().decode("utf8", "replace").strip()  # type: ignore[attr-defined]
    said = text.splitlines()[-1] if text else "it said nothing"
    ended = f"signal {-code}" if code < 0 else f"exit code {code}"
    raise ModelError(f"{program} failed ({ended}): {said}")


def environment_with(**values: str) -> dict[str, str]:
    """This process's environment with some values set."""
    return {**os.environ, **values}
