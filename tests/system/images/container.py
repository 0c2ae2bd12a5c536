"""One container of an image that is tested, with the engine that is here."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.waiting import wait_until

IMAGE = os.environ.get("EDGE_ASR_IMAGE", "localhost/edge-asr")
ARCHITECTURES = tuple(os.environ.get("EDGE_ASR_ARCHITECTURES", "amd64 arm64").split())
OWN = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
# What a Raspberry Pi 4 shows: under emulation onnxruntime would read this machine's, and crash.
_PI = Path(__file__).with_name("raspberry_pi_4.cpuinfo")
_DEADLINE_S = 120.0
_STOP_S = 15


def engine(*words: str, deadline_s: float = _DEADLINE_S) -> subprocess.CompletedProcess[str]:
    """One command of podman, killed at the deadline: a crash under emulation can hang it."""
    return subprocess.run(
        ["podman", *words], capture_output=True, text=True, timeout=deadline_s, check=False, stdin=subprocess.DEVNULL
    )


def platform_words(architecture: str) -> list[str]:
    """What an image of another architecture needs on this machine."""
    if architecture == OWN:
        return []
    return ["--platform", f"linux/{architecture}", "-v", f"{_PI}:/proc/cpuinfo:ro", "-e", "QEMU_CPU=cortex-a72"]


@dataclass(frozen=True)
class Outcome:
    """What a command in a container came to."""

    code: int
    out: str
    err: str


def once(architecture: str, *command: str, flags: Sequence[str] = (), deadline_s: float = _DEADLINE_S) -> Outcome:
    """One command in a fresh container, to its end."""
    words = ["run", "--rm", "--pull=never", "--no-healthcheck", *platform_words(architecture), *flags]
    done = engine(*words, f"{IMAGE}:{architecture}", *command, deadline_s=deadline_s)
    return Outcome(done.returncode, done.stdout, done.stderr)


class Container:
    """Context manager around a daemon in a container; whatever happens, it is removed."""

    def __init__(self, architecture: str, flags: Sequence[str], command: Sequence[str] = ("run",)) -> None:
        self._words = ["run", "--detach", "--pull=never", *platform_words(architecture), *flags]
        self._words += [f"{IMAGE}:{architecture}", *command]
        self.id = ""

    def __enter__(self) -> Self:
        done = engine(*self._words)
        assert done.returncode == 0, done.stderr
        self.id = done.stdout.split()[-1]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            print(self.log())
        engine("rm", "--force", "--volumes", "--time=0", self.id)

    def log(self) -> str:
        done = engine("logs", self.id)
        return done.stdout + done.stderr

    def inside(self, *command: str) -> Outcome:
        """A command beside the daemon."""
        done = engine("exec", self.id, *command)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def signal(self, name: str) -> None:
        assert engine("kill", f"--signal={name}", self.id).returncode == 0

    def health(self) -> str:
        """What the image's own health check says now; 'healthy' or the words of the failure."""
        return "healthy" if engine("healthcheck", "run", self.id).returncode == 0 else "unhealthy"

    def stop_s(self) -> float:
        """Stop it as the engine does, and tell how long that took."""
        began = time.monotonic()
        assert engine("stop", f"--time={_STOP_S}", self.id).returncode == 0
        return time.monotonic() - began

    def exit_code(self) -> int:
        state = json.loads(engine("inspect", self.id).stdout)[0]["State"]
        return int(state["ExitCode"])

    def until_logged(self, text: str, deadline_s: float) -> None:
        wait_until(lambda: text in self.log(), deadline_s, text)
