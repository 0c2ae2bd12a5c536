"""A private mosquitto on the loopback address; the demo, the bench and the tests use it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge_asr.demo.guarded import GuardedProcess
from edge_asr.demo.private_server import PrivateServer
from edge_asr.errors import EdgeAsrError

HOST = "127.0.0.1"
_START_DEADLINE_S = 10.0
_STOP_DEADLINE_S = 2.0
_POLL_S = 0.02
_START_ATTEMPTS = 5  # another program may take the free port before mosquitto does


class Broker(PrivateServer):
    """Context manager around one mosquitto. One thread; raises EdgeAsrError when it cannot be started.

    users: name -> password; None lets everyone in. lines: more of mosquitto.conf for its one listener. persistence:
    retained and queued messages survive a restart. The port stays the same from the first start on.
    """

    def __init__(
        self, users: Mapping[str, str] | None = None, lines: Sequence[str] = (), persistence: bool = False
    ) -> None:
        self._program = _find("mosquitto")
        self._users = users
        self._lines = list(lines)
        self._persistence = persistence
        super().__init__("broker", _STOP_DEADLINE_S)
        self.host = HOST
        self.port = 0

    @property
    def log(self) -> str:
        """What mosquitto has written since its last start."""
        file = self._folder / "mosquitto.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def start(self) -> None:
        """Start mosquitto and wait until it listens; a running one is left as it is."""
        if self._process is not None:
            return
        fixed = self.port
        for _ in range(_START_ATTEMPTS):
            self.port = fixed or _free_port()
            if self._try_start():
                return
            if fixed or "already in use" not in self.log:
                break
        self.port = fixed
        raise EdgeAsrError(f"the private mosquitto did not start: {' '.join(self.log.split()) or 'it said nothing'}")

    def restart(self) -> None:
        """Stop, then start on the same port."""
        self.stop()
        self.start()

    def _try_start(self) -> bool:
        configuration = self._folder / "mosquitto.conf"
        configuration.write_text("\n".join(self._configuration()) + "\n")
        log = self._folder / "mosquitto.log"
        log.unlink(missing_ok=True)
        process = GuardedProcess([self._program, "-v", "-c", str(configuration)], self._folder, log)
        deadline = time.monotonic() + _START_DEADLINE_S
        while process.runs and time.monotonic() < deadline:
            # mosquitto says " running" when its listener is open; a mere connection might be answered by another one
            if " running" in self.log:
                self._process = process
                return True
            time.sleep(_POLL_S)
        process.kill()
        return False

    def _configuration(self) -> list[str]:
        lines = [f"listener {self.port} {self.host}"]
        if os.geteuid() == 0:
            lines.append("user root")  # else it becomes the user mosquitto, who may not read our folder
        if self._users is None:
            lines.append("allow_anonymous true")
        else:
            lines += ["allow_anonymous false", f"password_file {self._password_file(self._users)}"]
        if self._persistence:
            lines += ["persistence true", f"persistence_location {self._folder}/", "autosave_interval 1"]
        return lines + self._lines

    def _password_file(self, users: Mapping[str, str]) -> Path:
        file = self._folder / "passwords"
        file.touch(mode=0o600)
        file.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
        # -U hashes a file of plain passwords in place; on a command line everyone could read them
        subprocess.run([_find("mosquitto_passwd"), "-U", str(file)], check=True, capture_output=True, timeout=30)
        return file


def _find(program: str) -> str:
    """Path of a program; Debian puts mosquitto where an ordinary user's PATH does not lead."""
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
    found = shutil.which(program, path=places)
    if found is None:
        raise EdgeAsrError(f"'{program}' is not installed; sudo apt install mosquitto")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
