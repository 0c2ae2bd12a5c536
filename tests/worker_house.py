"""A worker with fakes around it; the clock is moved by hand."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.ring import Ring
from edge_asr.config import EndpointConfig, GateConfig, OverloadConfig
from edge_asr.events import ErrorEvent, FinalEvent
from edge_asr.metrics import Metrics
from edge_asr.pipeline import Pipeline
from edge_asr.stamp import CaptureClock, Stamp
from edge_asr.worker import Worker
from tests.fakes import HandClock, ListSink, LoudRecognizer, LoudVad


class House:
    """Context manager around a worker that is not started yet."""

    def __init__(self) -> None:
        self.clock, self.metrics, self.sink = HandClock(), Metrics(), ListSink()
        self.ring = Ring(60.0, self.metrics)
        self.recognizer, self.vad = LoudRecognizer(), LoudVad()
        self.fatal: list[str] = []
        self.position = 0
        self.sinks: list[ListSink] = [self.sink]
        capture_clock = CaptureClock()
        self.stamp = Stamp(self.clock, "dev", "xx", "loud", capture_clock.captured_ns)
        self.worker = Worker(
            self.ring,
            Pipeline(GateConfig(), EndpointConfig(), self.vad, self.recognizer),
            self.stamp,
            capture_clock,
            self.sinks,
            self.clock,
            OverloadConfig(),
            self.metrics,
            self.fatal.append,
        )
        self.stopping = self.worker._stopping

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ring.close()
        self.worker.stop(5.0)

    def hear(self, samples: NDArray[np.int16], age_s: float = 0.0, stream: str = "s") -> None:
        for at in range(0, len(samples), 320):
            captured_ns = self.clock.ns - round(age_s * 1e9)
            self.ring.push(AudioChunk(stream, self.position, samples[at : at + 320], 16_000, captured_ns))
            self.position += 320

    def finals(self) -> list[FinalEvent]:
        return [event for event in self.sink.events if isinstance(event, FinalEvent)]

    def errors(self) -> list[ErrorEvent]:
        return [event for event in self.sink.events if isinstance(event, ErrorEvent)]

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"edge_asr_{name}_total", labels) or 0.0

    def finish(self) -> None:
        self.ring.close()
        assert self.worker.stop(5.0)
