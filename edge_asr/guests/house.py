"""All guests of this device, whatever door they come by."""

import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from edge_asr.asr.recognizer import Recognizer
from edge_asr.audio.stream_names import StreamNames
from edge_asr.brains import Brains
from edge_asr.clock import Clock
from edge_asr.guests.guest import Guest, News
from edge_asr.guests.hearing import Hearing
from edge_asr.guests.live_source import LiveSource
from edge_asr.guests.reception import Place, Reception
from edge_asr.guests.recording import RecordingSource
from edge_asr.metrics import Metrics
from edge_asr.pipeline import Pipeline
from edge_asr.second_pass import SecondPass
from edge_asr.stamp import CaptureClock, Stamp

_STREAMS_PER_CORE = 2


class Spoken(NamedTuple):
    """What is heard with: by the recognizer's own name, and in which language."""

    model: str
    language: str

    def speaks(self, language: str) -> bool:
        """Whether that is its language, in whatever country."""
        return _primary(language) == _primary(self.language)


class Guests:
    """Any thread. They hear with what the microphone is heard with when they come.

    brains: that, asked anew for each. most: at one time; None for two for each core.
    """

    def __init__(
        self,
        device_id: str,
        brains: Callable[[], Brains],
        pipeline: Callable[[Recognizer[Any]], Pipeline[Any]],
        context_s: float,
        most: int | None,
        lag_s: Callable[[], float],
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        cores = len(os.sched_getaffinity(0))
        most = _STREAMS_PER_CORE * cores if most is None else most
        self.reception = Reception(most, max(1, cores - 1), lag_s, lambda: brains().rewrites, clock, metrics)
        self._device_id = device_id
        self._brains = brains
        self._pipeline = pipeline
        self._context_s = context_s
        self._clock = clock
        self._metrics = metrics
        self._names = StreamNames(clock)

    def spoken(self) -> Spoken:
        """What a guest who comes now is heard with."""
        recognizer = self._brains().recognizer
        return Spoken(recognizer.model, recognizer.language)

    def stream(
        self, place: Place, rate_hz: int, tell: Callable[[News], None], *, partials: bool
    ) -> tuple[Guest, LiveSource]:
        """Guest that speaks now, not started, and where its samples go."""
        source = LiveSource(self._names.next(), rate_hz, self._clock)
        return self._guest(place, source, tell, partials=partials), source

    def recording(self, place: Place, body: bytes, tell: Callable[[News], None]) -> Guest:
        """Guest that has sent a recording, not started."""
        return self._guest(place, RecordingSource(self._names.next(), body, self._clock), tell, partials=False)

    def _guest(
        self, place: Place, source: LiveSource | RecordingSource, tell: Callable[[News], None], *, partials: bool
    ) -> Guest:
        return Guest(place, source, self._hearing, self.reception, self._metrics, tell, partials=partials)

    def _hearing(self, *, live: bool) -> Hearing:
        recognizer, rewriter, _ = self._brains()
        capture_clock = CaptureClock() if live else None
        captured_ns = None if capture_clock is None else capture_clock.captured_ns
        stamp = Stamp(self._clock, self._device_id, recognizer.language, recognizer.model, captured_ns)
        again = None if rewriter is None else SecondPass(rewriter.rescorer, self._context_s)
        return Hearing(self._pipeline(recognizer), stamp, again, capture_clock, recognizer.language)


def _primary(language: str) -> str:
    return re.split(r"[-_]", language.lower())[0]
