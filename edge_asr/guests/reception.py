"""Who else may be heard, and when: the microphone goes first.

Guests compute in turns, fewer at a time than there are cores, and in none while the microphone's pipeline is late.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.errors import EdgeAsrError
from edge_asr.metrics import Metrics

_LATE_S = 0.25  # of the microphone; guests give way long before that costs partials
_PATIENCE_S = 10.0
_LOOK_S = 0.02


class GuestError(EdgeAsrError, RuntimeError):
    """A guest is not heard, or not to the end: `code` is a word for its program, the text a line for a person."""

    def __init__(self, code: Literal["too_many_streams", "busy", "failed"], message: str) -> None:
        super().__init__(message)
        self.code = code


class Place:
    """A place that was taken."""

    def __init__(self, on_left: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._on_left: Callable[[], None] | None = on_left

    def give_back(self) -> None:
        """Somebody else may have it; once is enough, more does nothing. Any thread."""
        with self._lock:
            on_left, self._on_left = self._on_left, None
        if on_left is not None:
            on_left()


class Reception:
    """`admit` is for any thread and waits for nobody; `turn` is for the guests' own.

    lag_s: how late the microphone's pipeline is now. rewrites: whether its second pass computes, which a final waits
    for. at_once: how many guests may compute at the same time.
    """

    def __init__(
        self,
        most: int,
        at_once: int,
        lag_s: Callable[[], float],
        rewrites: Callable[[], bool],
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self.most = most
        self._rewrites = rewrites
        self._lag_s = lag_s
        self._clock = clock
        self._metrics = metrics
        self._changed = threading.Condition()  # guards the count
        self._count = 0
        self._seats = threading.Semaphore(at_once)

    def admit(self) -> "Place":
        """Give a place; raises GuestError when there is none, or the microphone itself is late."""
        with self._changed:
            if self._count >= self.most:
                self._metrics.guests_refused.labels(reason="limit").inc()
                raise GuestError(
                    "too_many_streams",
                    f"{self._count} streams or recordings are being heard, http.max_streams allows no more; try again "
                    "when one of them has ended",
                )
            if self._lag_s() > _LATE_S:
                self._metrics.guests_refused.labels(reason="lag").inc()
                raise GuestError("busy", f"{self._behind()}, which goes first; try again in a moment")
            self._count += 1
            self._metrics.guests.set(self._count)
        return Place(self._left)

    def _left(self) -> None:
        with self._changed:
            self._count -= 1
            self._metrics.guests.set(self._count)
            self._changed.notify_all()

    def quiet(self, wait_s: float) -> bool:
        """Whether no guest is left, after at most `wait_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._count, wait_s)

    @contextlib.contextmanager
    def turn(self, wanted: Callable[[], bool]) -> Iterator[None]:
        """Compute within it, for a fraction of a second. Raises GuestError when the microphone stays late for long.

        It begins at once when the guest is not `wanted` any more.
        """
        with self._seats:
            calm_ns = self._clock.monotonic_ns()
            while wanted() and ((late := self._lag_s() > _LATE_S) or self._rewrites()):
                now_ns = self._clock.monotonic_ns()
                calm_ns = calm_ns if late else now_ns
                if (now_ns - calm_ns) / NS_PER_S > _PATIENCE_S:
                    self._metrics.guests_refused.labels(reason="lag").inc()
                    raise GuestError("busy", f"{self._behind()}, and has been for {_PATIENCE_S:g} s; try again later")
                time.sleep(_LOOK_S)
            yield

    def _behind(self) -> str:
        return f"this machine is {self._lag_s():.1f} s behind with its own microphone"
