"""How loud the microphone is, told now and then: to the metrics each second, to the sinks as often as is wanted."""

import math
import threading
from collections.abc import Sequence

from edge_asr.audio.level_meter import LOWEST_DBFS, Level
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.events import LevelReport
from edge_asr.metrics import Metrics
from edge_asr.sinks.sink import Sink

WINDOW_S = 1.0


class Loudness:
    """`take` is the delivering thread's, `look` the supervisor's."""

    def __init__(self, every_s: float, sinks: Sequence[Sink], clock: Clock, metrics: Metrics) -> None:
        """Tell the sinks every `every_s`; 0: never."""
        self._every_s = every_s
        self._sinks = sinks
        self._clock = clock
        self._metrics = metrics
        self._lock = threading.Lock()  # guards the list, which `look` exchanges
        self._levels: list[Level] = []
        self._since_ns = clock.monotonic_ns()

    def take(self, level: Level) -> None:
        """Take the level of one window."""
        self._metrics.level_dbfs.set(level.rms_dbfs)
        if level.clipped_samples:
            self._metrics.clipped_samples.inc(level.clipped_samples)
        if self._every_s:
            with self._lock:
                self._levels.append(level)

    def look(self) -> None:
        """Tell the sinks, when it is time and something was heard."""
        now_ns = self._clock.monotonic_ns()
        if not self._every_s or now_ns - self._since_ns < self._every_s * NS_PER_S:
            return
        self._since_ns = now_ns
        with self._lock:
            levels, self._levels = self._levels, []
        if not levels:
            return
        samples = sum(level.samples for level in levels)
        report = LevelReport(
            rms_dbfs=round(_mean_dbfs(levels), 1),
            peak_dbfs=round(max(level.peak_dbfs for level in levels), 1),
            clipped=round(sum(level.clipped_samples for level in levels) / samples, 6),
        )
        for sink in self._sinks:
            sink.report(report)


def _mean_dbfs(levels: Sequence[Level]) -> float:
    """Of their power, each by its length."""
    power = sum(10.0 ** (level.rms_dbfs / 10.0) * level.samples for level in levels)
    return max(LOWEST_DBFS, 10.0 * math.log10(power / sum(level.samples for level in levels)))
