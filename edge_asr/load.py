"""How hard the first pass works: told now and then, for whoever chooses a model for a small machine."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.events import LoadReport
from edge_asr.sinks.sink import Sink

_EVERY_S = 60.0  # a recorder of states keeps each


class Effort(NamedTuple):
    """Seconds of computing and of audio since the start, and the worst lag since the last look."""

    busy_s: float
    heard_s: float
    worst_lag_s: float


class LoadMeter:
    """Looks at the worker once a minute. One thread: the supervisor's."""

    def __init__(self, effort: Callable[[], Effort], sinks: Sequence[Sink], clock: Clock) -> None:
        self._effort = effort
        self._sinks = sinks
        self._clock = clock
        self._since_ns = clock.monotonic_ns()
        self._before = Effort(0.0, 0.0, 0.0)

    def look(self) -> None:
        """Tell the sinks, when it is time."""
        over_s = (self._clock.monotonic_ns() - self._since_ns) / NS_PER_S
        if over_s < _EVERY_S:
            return
        self._since_ns = self._clock.monotonic_ns()
        now, before = self._effort(), self._before
        self._before = now
        heard_s = now.heard_s - before.heard_s
        report = LoadReport(
            rtf=round((now.busy_s - before.busy_s) / heard_s, 4) if heard_s > 0 else None,
            lag_s=round(now.worst_lag_s, 2),
            over_s=round(over_s, 1),
        )
        for sink in self._sinks:
            sink.report(report)
