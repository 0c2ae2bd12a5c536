"""The data path of the daemon, from the ring to the sinks, with its own threads; what feeds it is us."""

import random
import time
from collections.abc import Iterator
from typing import Any

from edge_asr.asr.result import Hypothesis
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.resample import BlockResampler
from edge_asr.audio.ring import Ring
from edge_asr.brains import Brains
from edge_asr.clock import NS_PER_S, SystemClock
from edge_asr.config import Config
from edge_asr.errors import RecognitionError
from edge_asr.loading import build_pipeline, build_rewriter, load_recognizer
from edge_asr.metrics import Metrics
from edge_asr.stamp import CaptureClock, Stamp
from edge_asr.worker import Worker
from tests.day.ledger import Ledger
from tests.day.sounds import RATE_HZ, Samples

_PATIENT_S = 0.8  # of audio in the ring: below the lag at which anything is given up
_STOP_S = 60.0


class Fragile:
    """A recognizer that fails when it is told to; all else is the real one's."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.fails = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def step(self, samples: Samples, state: Any, *, partial: bool = True) -> tuple[Hypothesis | None, Any]:
        if self.fails:
            self.fails = False
            raise RecognitionError("made to fail")
        result: tuple[Hypothesis | None, Any] = self._inner.step(samples, state, partial=partial)
        return result


class House:
    """Started; `feed` blocks while the ring is as full as a daemon in time would have it."""

    def __init__(self, config: Config, dice: random.Random) -> None:
        self._config, self._dice, self._clock = config, dice, SystemClock()
        self.metrics, self.ledger, self.fatal = Metrics(), Ledger(), []  # type: tuple[Metrics, Ledger, list[str]]
        self.fed_s = 0.0
        self._ring = Ring(config.audio.ring_s, self.metrics)
        brains = self.brains()
        capture_clock = CaptureClock()
        stamp = Stamp(self._clock, "house", "en", "en", capture_clock.captured_ns)
        self.worker = Worker(
            self._ring,
            build_pipeline(config, brains.recognizer),
            stamp,
            capture_clock,
            [self.ledger],
            self._clock,
            config.overload,
            self.metrics,
            self.fatal.append,
            brains.second_pass,
        )
        self._streams = 0
        self.reopen(RATE_HZ)
        self.worker.start()

    def brains(self) -> Brains:
        """Loaded anew."""
        self.recognizer = Fragile(load_recognizer(self._config))
        self._second_pass = build_rewriter(self._config, self._clock, self.metrics)
        return Brains(self.recognizer, self._second_pass)

    def reopen(self, rate_hz: int) -> None:
        """Another stream."""
        self._streams += 1
        self._rate_hz, self._first = rate_hz, 0
        self._chunk_samples = rate_hz * self._dice.choice((10, 20, 20, 20, 40, 100)) // 1000
        self._resampler = BlockResampler(RATE_HZ, rate_hz, rate_hz // 50) if rate_hz != RATE_HZ else None

    def skip(self, seconds: float) -> None:
        """The driver has thrown audio away."""
        self._first += round(seconds * self._rate_hz)

    def feed(self, samples: Samples, *, late_s: float = 0.0, patient: bool = True) -> None:
        """Deliver at full speed."""
        for block in self._at_rate(samples):
            for at in range(0, len(block), self._chunk_samples):
                part = block[at : at + self._chunk_samples]
                while patient and self._ring.depth_s > _PATIENT_S and not self.fatal:
                    time.sleep(0.001)
                now_ns = self._clock.monotonic_ns() - round(late_s * NS_PER_S)
                self._ring.push(AudioChunk(f"s{self._streams}", self._first, part, self._rate_hz, now_ns))
                self._first += len(part)
                self.fed_s += len(part) / self._rate_hz

    def settle(self) -> None:
        """Wait until all that was fed has been taken, and the second pass computes nothing, not even ahead."""
        while (self._ring.depth_s or self.ledger.waiting() or self._computes()) and not self.fatal:
            time.sleep(0.001)

    def _computes(self) -> bool:
        return self._second_pass is not None and not self._second_pass.idle

    def close(self) -> bool:
        """End of the day; whether all of it came to an end in time."""
        self._ring.close()
        return self.worker.stop(_STOP_S)

    def accounted_s(self) -> float:
        """Audio that was heard or counted as dropped."""
        return sum(
            sample.value
            for family in self.metrics.registry.collect()
            for sample in family.samples
            if sample.name in {"edge_asr_audio_seconds_total", "edge_asr_audio_dropped_seconds_total"}
        )

    def _at_rate(self, samples: Samples) -> Iterator[Samples]:
        if self._resampler is None:
            yield samples
            return
        for at in range(0, len(samples), RATE_HZ):  # a resampler keeps buffers for the longest that it was ever given
            yield from self._resampler.step(samples[at : at + RATE_HZ])
