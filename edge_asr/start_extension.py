"""While the models load, systemd is asked for more time: a slow card is no fault, a load that never ends is one."""

import threading
from types import TracebackType
from typing import Self

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.systemd import Notifier

_ASK_EVERY_S = 5.0
_ASK_FOR_S = 30.0  # from each asking on; whoever is asked no more ends the start after that
_LONGEST_S = 600.0


class StartExtension:
    """Context manager around what takes its time before READY=1; it has a thread of its own while it is open.

    It tells the status line what is waited for, and asks no more after `longest_s`: then the unit's own rules hold.
    Silent where there is no systemd; never raises.
    """

    def __init__(
        self,
        notifier: Notifier,
        clock: Clock,
        what: str,
        *,
        ask_every_s: float = _ASK_EVERY_S,
        longest_s: float = _LONGEST_S,
    ) -> None:
        self._notifier = notifier
        self._clock = clock
        self._what = what
        self._ask_every_s = ask_every_s
        self._longest_s = longest_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="start extension", daemon=True)

    def __enter__(self) -> Self:
        if self._notifier.present:
            self._notifier.status(f"starting: {self._what}")
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _ask(self) -> None:
        began_ns = self._clock.monotonic_ns()
        while not self._over.wait(self._ask_every_s):
            taken_s = (self._clock.monotonic_ns() - began_ns) / NS_PER_S
            if taken_s >= self._longest_s:
                self._notifier.status(f"starting: {self._what} takes more than {self._longest_s:.0f} s")
                return
            self._notifier.extend_timeout(_ASK_FOR_S)
            self._notifier.status(f"starting: {self._what}, {taken_s:.0f} s so far")
