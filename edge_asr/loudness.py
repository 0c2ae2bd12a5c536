"""How loud the microphone is, told now and then: to the metrics each second, to the sinks as often as is wanted."""

import math
import threading
from collections.abc import Sequence
from typing import NamedTuple

from edge_asr.audio.level_meter import LOWEST_DBFS, Level
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.events import LevelReport
from edge_asr.metrics import Metrics
from edge_asr.sinks.sink import Sink

WINDOW_S = 1.0


class _Sum(NamedTuple):
    """Of the windows since the last report; `power` each by its length."""

    power: float = 0.0
    peak_dbfs: float = LOWEST_DBFS
    clipped_samples: int = 0
    samples: int = 0

    def plus(self, level: Level) -> "_Sum":
        """With one more."""
        return _Sum(
            self.power + 10.0 ** (level.rms_dbfs / 10.0) * level.samples,
            max(self.peak_dbfs, level.peak_dbfs),
            self.clipped_samples + level.clipped_samples,
            self.samples + level.samples,
        )


class Loudness:
    """`take` is the delivering thread's, `look` the supervisor's."""

    def __init__(self, every_s: float, sinks: Sequence[Sink], clock: Clock, metrics: Metrics) -> None:
        """Tell the sinks every `every_s`; 0: never."""
        self._every_s = every_s
        self._sinks = sinks
        self._clock = clock
        self._metrics = metrics
        self._lock = threading.Lock()  # guards the sum, which `look` exchanges
        self._sum = _Sum()
        self._since_ns = clock.monotonic_ns()

    def take(self, level: Level) -> None:
        """Take the level of one window."""
        self._metrics.level_dbfs.set(level.rms_dbfs)
        if level.clipped_samples:
            self._metrics.clipped_samples.inc(level.clipped_samples)
        if self._every_s:
            with self._lock:
                self._sum = self._sum.plus(level)

    def look(self) -> None:
        """Tell the sinks, when it is time and something was heard."""
        now_ns = self._clock.monotonic_ns()
        if not self._every_s or now_ns - self._since_ns < self._every_s * NS_PER_S:
            return
        self._since_ns = now_ns
        with self._lock:
            heard, self._sum = self._sum, _Sum()
        if not heard.samples:
            return
        mean = heard.power / heard.samples
        report = LevelReport(
            rms_dbfs=round(max(LOWEST_DBFS, 10.0 * math.log10(mean)), 1),
            peak_dbfs=round(heard.peak_dbfs, 1),
            clipped=round(heard.clipped_samples / heard.samples, 6),
        )
        for sink in self._sinks:
            sink.report(report)
