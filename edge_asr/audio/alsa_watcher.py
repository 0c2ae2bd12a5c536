"""Says when sound cards come or go where no sound server tells: a look at the kernel's list, once a second."""

import threading
from collections.abc import Callable
from pathlib import Path

KERNEL_LIST = Path("/proc/asound/pcm")  # a line for each device; empty or missing without a card
_LOOK_S = 1.0


class AlsaWatcher:
    """`on_change` is called in the watcher's own thread, and must be quick."""

    def __init__(self, on_change: Callable[[], None], path: Path = KERNEL_LIST, look_s: float = _LOOK_S) -> None:
        self._on_change = on_change
        self._path = path
        self._look_s = look_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alsa watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; it does so within a look."""
        self._stopped.set()

    def _run(self) -> None:
        before = self._list()
        while not self._stopped.wait(self._look_s):
            now = self._list()
            if now != before:
                before = now
                self._on_change()

    def _list(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError:
            return b""
