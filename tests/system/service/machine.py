"""A Debian that boots: a container with systemd as its first process, without any network but its own."""

import json
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.waiting import wait_until

HOST = "pantry"
UNIT = "edge-asr.service"
MODEL_UNIT = "edge-asr-model.service"
PACKAGE = "/srv/edge-asr.deb"
MODELS = "/var/lib/edge_asr/models"
_BOOT_S = 90.0
_COMMAND_S = 300.0
_SEPARATOR = "\t"


class Machine:
    """Context manager: booted when it is entered, gone afterwards. shared: host folders or files -> places inside."""

    def __init__(self, name: str, image: str, shared: dict[Path, str]) -> None:
        self.name = name
        self._image = image
        self._shared = shared

    def __enter__(self) -> Self:
        podman("rm", "--force", "--time=2", self.name, check=False)
        mounts = [f"--volume={path}:{place}:ro" for path, place in self._shared.items()]
        words = ["--detach", "--pull=never", "--privileged", "--systemd=always", "--network=none"]
        podman("run", *words, f"--name={self.name}", f"--hostname={HOST}", *mounts, self._image)
        self.until_booted()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        podman("rm", "--force", "--time=5", self.name, check=False)

    def until_booted(self) -> None:
        """All jobs of the boot are done."""
        ask = ("exec", self.name, "systemctl", "is-system-running")
        states = {"running", "degraded"}
        wait_until(lambda: podman(*ask, check=False).stdout.strip() in states, _BOOT_S, "booted")

    def reboot(self) -> None:
        """Down in good order, and up again."""
        podman("exec", self.name, "systemctl", "reboot", check=False)
        running = ("inspect", "--format={{.State.Running}}", self.name)
        wait_until(lambda: podman(*running).stdout.strip() == "false", 60, "down")
        podman("start", self.name)
        self.until_booted()

    def try_run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """A command as root, whatever becomes of it."""
        return podman("exec", self.name, *words, check=False)

    def run(self, *words: str) -> str:
        """What a command as root prints; fails the test when it does."""
        return podman("exec", self.name, *words).stdout

    def write(self, path: str, text: str) -> None:
        """A file of root's."""
        script = f'mkdir -p "$(dirname {path})" && cat >{path}'
        podman("exec", "--interactive", self.name, "sh", "-c", script, given=text)

    def show(self, key: str, unit: str = UNIT) -> str:
        """One property of a unit."""
        return self.run("systemctl", "show", f"--property={key}", "--value", unit).strip()

    def status(self) -> str:
        """What the daemon says of itself."""
        return self.show("StatusText")

    def until_listening(self, deadline_s: float = 60.0) -> None:
        """It says so to systemd."""
        wait_until(lambda: self.status().startswith("listening"), deadline_s, "listening")

    def journal(self, *words: str, unit: str = UNIT) -> str:
        """Lines of the journal."""
        return self.run("journalctl", f"--unit={unit}", "--output=cat", "--no-pager", *words)

    def say(self, path: str) -> None:
        """Play a file into the microphone, to its end."""
        self.run("paplay", "--server=unix:/run/pulse/native", "--device=feed", path)

    def install(self, package: str = PACKAGE) -> str:
        """What apt says while it installs; nobody is there to answer."""
        return self.run("apt-get", "-o", "Dpkg::Use-Pty=0", "install", "--yes", package)

    def copy_model(self) -> None:
        """The model of this host, as a person would bring one from another machine."""
        self.run("mkdir", "-p", MODELS)
        self.run("cp", "-r", "/srv/en", f"{MODELS}/en")


class Listener:
    """Everything that the broker in the machine sends, with QoS 1; it reconnects by itself."""

    def __init__(self, machine: Machine) -> None:
        form = _SEPARATOR.join(("%t", "%p"))
        words = ["mosquitto_sub", "-u", "house", "-P", "h0use", "-q", "1", "-t", f"edge_asr/{HOST}/#", "-F", form]
        self.messages: list[tuple[str, str]] = []
        self._process = subprocess.Popen(
            ["podman", "exec", machine.name, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        wait_until(lambda: self.messages, 30, "something that the broker retains")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def finals(self) -> list[dict[str, Any]]:
        """What was said."""
        return [json.loads(body) for topic, body in list(self.messages) if topic == f"edge_asr/{HOST}/final"]

    def texts(self) -> list[str]:
        return [final["text"] for final in self.finals()]

    def states(self) -> list[str]:
        """What the device said of itself, in order."""
        return [json.loads(body)["state"] for topic, body in list(self.messages) if topic == f"edge_asr/{HOST}/state"]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            topic, _, body = line.rstrip("\n").partition(_SEPARATOR)
            self.messages.append((topic, body))


def podman(*words: str, check: bool = True, given: str | None = None) -> "subprocess.CompletedProcess[str]":
    """One command of podman; when it fails, the test fails with its words."""
    return command("podman", *words, check=check, given=given)


def command(
    *words: str, check: bool = True, given: str | None = None, deadline_s: float = _COMMAND_S
) -> "subprocess.CompletedProcess[str]":
    """One command to its end, with nobody at the keyboard."""
    source: dict[str, Any] = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
    done = subprocess.run(words, capture_output=True, text=True, timeout=deadline_s, check=False, **source)
    if check and done.returncode != 0:
        raise AssertionError(
            f"{_short(words)}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done


def _short(words: Sequence[str]) -> str:
    return " ".join(words)[:200]
