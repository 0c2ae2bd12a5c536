"""News of a connection: each change is told once, and the log never fills."""

import logging
import time
from collections import deque
from collections.abc import Callable

_SAY_AGAIN_NS = 600 * 1_000_000_000  # an unchanged fault is logged again after ten minutes
_LINES_AT_MOST = 10  # in that time, however often it changes


class ConnectionNews:
    """Tells the log and `on_connection` how a connection fares. One thread.

    on_connection(connected, reason) is called when one of the two changes; it must be quick and must not raise. A
    reason while connected says what the broker does not allow.
    """

    def __init__(
        self, log: logging.Logger, where: str, on_connection: Callable[[bool, str], None] | None = None
    ) -> None:
        self._log = log
        self._where = where
        self._on_connection = on_connection
        self._last: tuple[bool, str] | None = None
        self._lines_ns: deque[int] = deque(maxlen=_LINES_AT_MOST)
        self._limits_ns: dict[str, int] = {}  # when each was last said

    def tell(self, connected: bool, reason: str) -> None:
        """Take the outcome of one attempt; `reason` is one line with the fix, empty while connected."""
        changed = (connected, reason) != self._last
        self._last = (connected, reason)
        if self._may_log(changed):
            if connected:
                self._log.info("connected to %(broker)s", {"broker": self._where})
            else:
                self._log.warning("%(reason)s", {"broker": self._where, "reason": reason})
        if changed and self._on_connection is not None:
            self._on_connection(connected, reason)

    def limited(self, reason: str) -> None:
        """The connection stands, but the broker does not allow all that we want; `reason` is one line with the fix.

        It is said again only when it has not been for a while, however often the connection changes meanwhile.
        """
        now_ns = time.monotonic_ns()
        said_ns = self._limits_ns.get(reason)
        if said_ns is None or now_ns - said_ns >= _SAY_AGAIN_NS:
            if len(self._limits_ns) == _LINES_AT_MOST:
                self._limits_ns.clear()
            self._limits_ns[reason] = now_ns
            self._log.warning("%(reason)s", {"broker": self._where, "reason": reason})
        if self._on_connection is not None:
            self._on_connection(True, reason)

    def _may_log(self, changed: bool) -> bool:
        now_ns = time.monotonic_ns()
        lines = self._lines_ns
        if not changed and lines and now_ns - lines[-1] < _SAY_AGAIN_NS:
            return False
        if len(lines) == _LINES_AT_MOST and now_ns - lines[0] < _SAY_AGAIN_NS:
            return False
        lines.append(now_ns)
        return True
