"""What the recognizer's thread gives up: because of the lag as it is, or because the ladder says so."""

import logging

from edge_asr.clock import NS_PER_S
from edge_asr.config import OverloadConfig
from edge_asr.ladder import NO_RELIEF, Relief, Rung
from edge_asr.metrics import Metrics
from edge_asr.second_pass import Reason

log = logging.getLogger(__name__)

_SAID_APART_S = 60.0  # a machine that is too slow for good drops audio every few seconds


class Overload:
    """One thread, the recognizer's; `relieve` and `late` are for any.

    lag: now - capture time of the newest chunk consumed; 0 while nothing waits.
    """

    def __init__(self, config: OverloadConfig, metrics: Metrics) -> None:
        self._config = config
        self._metrics = metrics
        self._relief = NO_RELIEF
        self._lag_s = 0.0
        self._worst_lag_s = 0.0
        self._said_ns: int | None = None
        self._unsaid_s = 0.0

    @property
    def keep_s(self) -> float:
        """Newest audio that a flush leaves."""
        return self._config.keep_s

    def relieve(self, relief: Relief) -> None:
        """Give up so much, whatever the lag. Any thread."""
        self._relief = relief

    def consume(self, lag_s: float) -> None:
        """A chunk with that lag is being consumed."""
        self._lag_s = lag_s
        self._worst_lag_s = max(self._worst_lag_s, lag_s)
        self._metrics.lag_seconds.set(lag_s)
        self._metrics.chunk_lag_seconds.observe(lag_s)

    def idle(self) -> None:
        """Nothing waits."""
        self._lag_s = 0.0
        self._metrics.lag_seconds.set(0.0)

    @property
    def lag_s(self) -> float:
        """As it is now. Any thread."""
        return self._lag_s

    def take_worst_lag_s(self) -> float:
        """The worst since this was asked last. One thread."""
        worst_s, self._worst_lag_s = self._worst_lag_s, 0.0
        return worst_s

    @property
    def too_late(self) -> bool:
        """Whether audio has to be dropped."""
        return self._lag_s > self._config.flush_lag_s

    @property
    def partials(self) -> bool:
        """Whether there are to be any."""
        return not self.late and self._relief.rung < Rung.NO_PARTIALS

    @property
    def skip(self) -> Reason | None:
        """Why there is to be no second pass; None: there is."""
        if self.late:
            return "overload"
        rung, cause = self._relief  # read once: another thread may change it
        if rung < Rung.NO_SECOND_PASS:
            return None
        return "heat" if cause == "heat" else "overload"

    @property
    def late(self) -> bool:
        """Whether the lag costs partials and second pass. Any thread."""
        return self._lag_s > self._config.partials_lag_s

    def flushed(self, dropped_s: float, now_ns: int) -> None:
        """So much was dropped to catch up."""
        self._unsaid_s += dropped_s
        if self._said_ns is None or now_ns - self._said_ns >= _SAID_APART_S * NS_PER_S:
            self._said_ns = now_ns
            said = {"lag_s": self._lag_s, "dropped_s": self._unsaid_s}
            log.warning("recognition is %(lag_s).1f s behind; dropped %(dropped_s).1f s of audio to catch up", said)
            self._unsaid_s = 0.0
