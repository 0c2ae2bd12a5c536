"""Runs a program of ours as a user does, and finds every process that it leaves behind."""

import os
import pty
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_S = 30.0
_MARK = "STAGE_MARK"


class Stage:
    """One program on a stage of its own: own folders, own marks in the environment of every process it starts."""

    def __init__(
        self,
        folder: Path,
        module: str,
        *words: str,
        command: Sequence[str] = (),
        terminal: bool = False,
        **variables: str,
    ) -> None:
        self._mark = f"{_MARK}={uuid.uuid4()}"
        self.folder = folder / "tmp"
        self.folder.mkdir(exist_ok=True)
        (folder / "empty.toml").touch()
        environment = {
            **_without_settings(os.environ),
            _MARK: self._mark.partition("=")[2],
            "TMPDIR": str(self.folder),
            "XDG_RUNTIME_DIR": str(folder),  # no sound server of the person at the keyboard
            "PULSE_SERVER": f"unix:{folder}/no-such-server",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "TERM": "xterm",
            **variables,
        }
        program = [sys.executable, "-m", module, *command, "--config", str(folder / "empty.toml"), *words]
        self._output = folder / "output"
        self._terminal: int | None = None
        with self._output.open("wb") as output:
            if terminal:
                self._terminal, inner = pty.openpty()
                # a terminal of its own, so that Ctrl-C in it becomes the signal
                self.process = subprocess.Popen(
                    ["setsid", "--ctty", *program], env=environment, stdin=inner, stdout=inner, stderr=inner, cwd=ROOT
                )
                os.close(inner)
                os.set_blocking(self._terminal, False)
            else:
                self.process = subprocess.Popen(
                    program, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT
                )

    def output(self) -> str:
        """What it has written so far."""
        if self._terminal is not None:
            try:
                while part := os.read(self._terminal, 65536):
                    with self._output.open("ab") as output:
                        output.write(part)
            except (BlockingIOError, OSError):
                pass
        return self._output.read_bytes().decode(errors="replace")

    def wait_for(self, text: str) -> None:
        """Until it has written this."""
        end = time.monotonic() + DEADLINE_S
        while text not in self.output():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < end, self.output()
            time.sleep(0.05)

    def type(self, keys: bytes) -> None:
        """Press keys in its terminal."""
        assert self._terminal is not None
        os.write(self._terminal, keys)

    def end(self) -> int:
        """Its exit code, when it has ended."""
        end = time.monotonic() + DEADLINE_S
        while self.process.poll() is None:
            assert time.monotonic() < end, self.output()
            self.output()
            time.sleep(0.05)
        return self.process.returncode

    def processes(self) -> list[str]:
        """Command lines of all that still runs of it."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != self.process.pid:
                try:
                    if self._mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                        found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
                except OSError:
                    continue
        return found

    def assert_clean(self) -> None:
        """Nothing of it runs and nothing lies about, at once or within a moment."""
        end = time.monotonic() + DEADLINE_S
        while (left := [*self.processes(), *map(str, self.folder.iterdir())]) and time.monotonic() < end:
            time.sleep(0.05)
        assert left == []

    def clear(self) -> None:
        """End everything, however the test went."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._terminal is not None:
            os.close(self._terminal)
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if self._mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                        os.kill(int(entry.name), signal.SIGKILL)
                except OSError:
                    continue


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("EDGE_ASR")}
