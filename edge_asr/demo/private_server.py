"""What the private mosquitto and the private PulseAudio have in common: one guarded process in a folder of its own."""

import shutil
import signal
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from edge_asr.demo.guarded import GuardedProcess


class PrivateServer(ABC):
    """Context manager around one server, which may be killed and started again in between. One thread.

    Nothing stays behind when the process that made it is killed: neither the server nor its folder.
    """

    def __init__(self, name: str, stop_deadline_s: float) -> None:
        self._stop_deadline_s = stop_deadline_s
        self._folder = Path(tempfile.mkdtemp(prefix=f"edge-asr-{name}-"))
        self._process: GuardedProcess | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    @property
    def pid(self) -> int:
        """Process of the server; 0 while there is none."""
        return self._process.pid if self._process else 0

    @abstractmethod
    def start(self) -> None:
        """Start it and wait until it answers; a running one is left as it is. Raises EdgeAsrError."""

    def stop(self) -> None:
        """End it in good order, by force after the deadline."""
        if self._process is not None:
            self._process.stop(self._stop_deadline_s)
            self._process = None

    def kill(self) -> None:
        """End it as a crash would: SIGKILL, no goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def suspend(self) -> None:
        """Stop it in its tracks (SIGSTOP): its sockets stay open and nobody answers."""
        if self._process is not None:
            self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a suspended one go on (SIGCONT)."""
        if self._process is not None:
            self._process.signal(signal.SIGCONT)

    def _remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
