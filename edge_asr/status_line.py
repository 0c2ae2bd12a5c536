"""The one line of `systemctl status`: what the ears do, and what is wrong with the broker."""

import threading

from edge_asr.systemd import Notifier


class StatusLine:
    """Joins what two rooms say of themselves. Any thread; never raises."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._lock = threading.Lock()  # guards the two below, and that the newest line is told last
        self._ears = "starting"
        self._broker = ""

    def ears(self, text: str) -> None:
        """What is heard, or why not."""
        with self._lock:
            self._ears = text
            self._tell()

    def broker(self, connected: bool, reason: str) -> None:
        """How the connection is; `reason` is empty while all is well."""
        with self._lock:
            self._broker = reason if connected else reason or "not connected"
            self._tell()

    def _tell(self) -> None:
        self._notifier.status(f"{self._ears}; mqtt: {self._broker}" if self._broker else self._ears)
