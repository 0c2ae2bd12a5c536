"""One life of the talkative daemon: what it said, as told by itself, and what it left in its file, read by the test."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edge_asr.events import FinalEvent, decode

End = Literal["killed", "told to stop"]
_STOP_DEADLINE_S = 10.0


@dataclass(frozen=True)
class Said:
    """A final as the daemon wrote it to its standard output, behind the MQTT sink, and when that was read."""

    payload: bytes
    segment_id: str
    read_ns: int


@dataclass
class Life:
    """A process. `said` grows while it lives; after `end`, `rows` are the payloads that its spool's file holds."""

    port: int
    spool: Path
    folder: Path
    said: list[Said] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    ended_by: End | None = None
    ended_ns: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir()
        empty = self.folder / "empty.toml"
        empty.touch()
        settings = (
            *("mqtt.host=127.0.0.1", f"mqtt.port={self.port}", "mqtt.reconnect_max_s=1", "device.id=ears"),
            *("mqtt.queue_messages=100000", "mqtt.spool.mode=disk", f"mqtt.spool.path={self.spool}"),
            *("mqtt.spool.sync_s=0.2", "jsonl.path=-"),
        )
        words = ["--config", str(empty), *(word for setting in settings for word in ("--set", setting))]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.talkative_daemon", *words],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "XDG_STATE_HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._log: list[bytes] = []
        self._readers = [threading.Thread(target=each, daemon=True) for each in (self._read, self._read_log)]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith(b"\n") and b'"event_type":"final"' in line:
                event = decode(line)
                assert isinstance(event, FinalEvent)
                self.said.append(Said(line.rstrip(b"\n"), event.segment_id, time.monotonic_ns()))

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        self._log.extend(self._process.stderr)

    @property
    def log(self) -> str:
        return b"".join(self._log).decode(errors="replace")

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def limit_files(self, size: int | None) -> None:
        """No file of the process may grow beyond `size` bytes (EFBIG); None lifts it."""
        hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def end(self, how: End) -> None:
        """End it, and read what it left."""
        assert self.runs, f"the daemon ended by itself:\n{self.log}"
        self.ended_by = how
        self._process.send_signal(signal.SIGKILL if how == "killed" else signal.SIGTERM)
        self.ended_ns = time.monotonic_ns()
        code = self._process.wait(_STOP_DEADLINE_S)
        assert code == (-signal.SIGKILL if how == "killed" else 0), self.log
        for reader in self._readers:
            reader.join()
        self.rows = _rows(self.spool, self.folder / "left")

    def abandon(self) -> None:
        """Make sure that nothing of it runs on."""
        self._process.kill()
        self._process.wait()


def _rows(spool: Path, copy: Path) -> list[bytes]:
    """Payloads in the file as the next process would find them, by SQLite itself and on a copy."""
    copy.mkdir()
    for each in spool.parent.glob(f"{spool.name}*"):
        shutil.copy(each, copy)
    if not (copy / spool.name).exists():
        return []
    with sqlite3.connect(copy / spool.name) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'finals'").fetchone()[0]
        found = connection.execute("SELECT payload FROM finals ORDER BY number").fetchall() if tables else []
    connection.close()
    return [row[0] for row in found]
