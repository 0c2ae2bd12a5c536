"""Standard input as a stream whose reader can be woken: a thread that reads it must not outlive the daemon's stop."""

import io
import os
import select
import threading
from typing import IO, Any

from edge_asr.errors import CaptureError


class WakeableInput(io.RawIOBase):
    """A descriptor to read from, until its end or until `wake` is called from another thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor  # a copy of our own, closed with us
        self._woken = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._lock = threading.Lock()  # a number that is closed may be another file's already
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._poll.register(self._woken, select.POLLIN)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for bytes; 0 at the end, and after `wake`."""
        ready = {descriptor for descriptor, _ in self._poll.poll()}
        if self._woken in ready:
            return 0
        data = os.read(self._descriptor, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def wake(self) -> None:
        """Let the reader come back, now and for ever."""
        with self._lock:
            if not self.closed:
                os.eventfd_write(self._woken, 1)

    def close(self) -> None:
        """Let go of the descriptors."""
        with self._lock:
            if not self.closed:
                os.close(self._descriptor)
                os.close(self._woken)
            super().close()


def open_stdin(stdin: IO[str] | None) -> WakeableInput:
    """Standard input of this process. Raises CaptureError when it was closed by whoever started us."""
    try:
        if stdin is None:  # then number 0 may be a file or socket of ours
            raise ValueError  # noqa: TRY301 - the same answer
        return WakeableInput(os.dup(stdin.fileno()))
    except (OSError, ValueError):
        raise CaptureError('audio.source = "stdin", and it is closed; pipe WAV or raw s16le in') from None
