"""When faults come too often for going on to be of use."""

from collections import deque

from edge_asr.clock import NS_PER_S

_FAULTS = 3
_WINDOW_S = 60.0


class FaultWindow:
    """Three within a minute are borne with, one more is too many. One thread; times are monotonic."""

    def __init__(self) -> None:
        self._seen_ns: deque[int] = deque(maxlen=_FAULTS + 1)

    def too_many(self, now_ns: int) -> int:
        """Take one more fault; how many there were within a minute if they are too many, else 0."""
        self._seen_ns.append(now_ns)
        many = len(self._seen_ns) > _FAULTS and now_ns - self._seen_ns[0] < _WINDOW_S * NS_PER_S
        return len(self._seen_ns) if many else 0
