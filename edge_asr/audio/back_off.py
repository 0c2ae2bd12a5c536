"""When a microphone that was lost is tried again: later each time, up to a limit, and at once where there is hope."""

import random

from edge_asr.clock import NS_PER_S

_JITTER = 0.2
_FAILURES_WHEN_HEARD = 2  # counted against a microphone that was heard for a short while


class BackOff:
    """The capture thread's; all times are monotonic."""

    def __init__(self, min_s: float, max_s: float) -> None:
        self._min_s, self._max_s = min_s, max_s
        self._failures = 0
        self._retry_ns = 0
        self._attempt_ns: int | None = None

    def left_s(self, now_ns: int) -> float:
        """Seconds until the next try, 0 when it is due."""
        return max(0.0, (self._retry_ns - now_ns) / NS_PER_S)

    def begin(self, now_ns: int) -> None:
        """A try begins."""
        self._attempt_ns = now_ns

    def failed(self, now_ns: int) -> float:
        """It failed, or what it has opened was lost. Returns the seconds until the next try."""
        delay_s = min(self._max_s, self._min_s * 2.0 ** min(self._failures, 30))
        delay_s *= 1.0 - _JITTER * random.random()  # noqa: S311 - spreads the load of many devices, no secret
        self._failures += 1
        self._retry_ns = now_ns + int(delay_s * NS_PER_S)
        return delay_s

    def hasten(self) -> None:
        """Somebody plugged something in: no reason to sit out a long wait."""
        if self._attempt_ns is not None:
            self._retry_ns = min(self._retry_ns, self._attempt_ns + int(self._min_s * NS_PER_S))

    def heard(self, for_ns: int) -> None:
        """What was opened has been heard for so long.

        A loose contact that lasts some seconds each time is tried again soon, but not at once.
        """
        lasts = for_ns > self._max_s * NS_PER_S
        self._failures = 0 if lasts else min(self._failures, _FAILURES_WHEN_HEARD)

    def forget(self, now_ns: int) -> None:
        """Somebody wants it opened now."""
        self._failures, self._retry_ns = 0, now_ns
