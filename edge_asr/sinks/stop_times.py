"""How a sink with a far side divides the time it may take to stop."""

import time
from typing import NamedTuple

_SHARE_S = 0.3  # enough for a broker across a slow house network to answer the goodbye, or to be given up
_MOST = 4  # a short deadline keeps at least half of itself for what waits
_NS_PER_S = 1_000_000_000


class StopTimes(NamedTuple):
    """When each part ends at the latest, in monotonic nanoseconds.

    drain_ns: what waits is delivered. goodbye_ns: the far side has heard that we go. end_ns: connection and threads.
    """

    drain_ns: int
    goodbye_ns: int
    end_ns: int

    def soon(self, end_ns: int) -> int:
        """`end_ns`, or one share from now when that is earlier: a far side that hangs is not worth more."""
        return min(end_ns, time.monotonic_ns() + self.end_ns - self.goodbye_ns)


def stop_times(deadline_s: float) -> StopTimes:
    """The parts of `deadline_s`, which begins now."""
    now_ns = time.monotonic_ns()
    deadline_s = max(0.0, deadline_s)
    share_s = min(_SHARE_S, deadline_s / _MOST)
    ends_s = (deadline_s - 2 * share_s, deadline_s - share_s, deadline_s)
    return StopTimes(*(now_ns + round(end_s * _NS_PER_S) for end_s in ends_s))


def left_s(end_ns: int) -> float:
    """Seconds until `end_ns`, never below 0."""
    return max(0.0, (end_ns - time.monotonic_ns()) / _NS_PER_S)
