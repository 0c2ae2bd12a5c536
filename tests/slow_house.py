"""A worker whose recognizer is slow on purpose, at a microphone that waits for nobody; time is the house's own.

The clock goes on by what the recognizer costs, and by itself while nothing waits. Whatever is captured in that time
comes into the real ring, at its own time: so the same costs give the same run, in the real threads.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.result import Hypothesis
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.ring import Ring
from edge_asr.config import EndpointConfig, GateConfig, OverloadConfig
from edge_asr.events import FinalEvent, PartialEvent, SpeechEndedEvent, SpeechStartedEvent
from edge_asr.metrics import Metrics
from edge_asr.pipeline import Pipeline
from edge_asr.second_pass import SecondPass
from edge_asr.second_pass_worker import SecondPassWorker
from edge_asr.stamp import CaptureClock, Stamp
from edge_asr.worker import Worker
from tests.fakes import BLOCK, RATE_HZ, HandClock, ListSink, LoudRecognizer, LoudState, LoudVad
from tests.rescorers import ScriptedRescorer
from tests.waiting import wait_until

Cost = Callable[[float], float]  # seconds of computing for a second of audio, by the time since the start


def marked(recording: NDArray[np.int16]) -> NDArray[np.int16]:
    """The same, but that each loud block has a loudness of its own: so it is known again anywhere."""
    blocks = recording[: len(recording) // BLOCK * BLOCK].reshape(-1, BLOCK)
    louder = np.sign(blocks) * (np.abs(blocks) + np.arange(len(blocks))[:, None])
    return np.asarray(louder.ravel(), np.int16)


@dataclass
class Consumed:
    """One chunk that the pipeline was given."""

    first_sample: int
    end_sample: int
    lag_s: float


class SlowRecognizer(LoudRecognizer):
    """Takes its time, and keeps what each utterance has heard."""

    def __init__(self, house: "SlowHouse") -> None:
        super().__init__()
        self.house = house
        self.heard: list[NDArray[np.int16]] = []

    def step(
        self, samples: NDArray[np.int16], state: LoudState, *, partial: bool = True
    ) -> tuple[Hypothesis | None, LoudState]:
        self.house.spend(len(samples) / RATE_HZ * self.house.cost(self.house.now_s))
        return super().step(samples, state, partial=partial)

    def finish(self, state: LoudState) -> tuple[Hypothesis, LoudState]:
        self.heard.append(state.samples)
        return super().finish(state)


class LiveRing(Ring):
    """The ring of the house; whoever waits at it lets the time go by until a chunk is there."""

    house: "SlowHouse"

    def pop(self, wait_s: float) -> AudioChunk | None:
        if self.depth_s == 0:
            self.house.wait_for_one()
        return super().pop(wait_s)


class SlowHouse:
    """Everything around one recording; `run` hears it to its end."""

    def __init__(
        self,
        recording: NDArray[np.int16],
        cost: Cost,
        ring_s: float = 10.0,
        overload: OverloadConfig | None = None,
        rescorer: ScriptedRescorer | None = None,
    ) -> None:
        self.recording, self.cost = recording, cost
        self.clock, self.metrics, self.sink = HandClock(), Metrics(), ListSink()
        self.began_ns, self.captured = self.clock.ns, 0
        self.ring = LiveRing(ring_s, self.metrics)
        self.ring.house = self
        self.recognizer = SlowRecognizer(self)
        self.slow_until_s = 0.0  # when the recognizer last was slower than time
        self.consumed: list[Consumed] = []
        self.fatal: list[str] = []
        capture_clock = CaptureClock()
        pipeline = Pipeline(GateConfig(), EndpointConfig(), LoudVad(), self.recognizer)
        process = pipeline.process

        def noted(chunk: AudioChunk, *, partials: bool = True) -> list[object]:
            lag_s = (self.clock.ns - chunk.captured_ns) / 1e9
            self.consumed.append(Consumed(chunk.first_sample, chunk.end_sample, lag_s))
            return process(chunk, partials=partials)  # type: ignore[return-value]

        pipeline.process = noted  # type: ignore[method-assign, assignment]
        self.rewriter = rewriter = None
        if rescorer is not None:
            self.rewriter = rewriter = SecondPassWorker(SecondPass(rescorer, 10.0), 4.0, self.clock, self.metrics)
        stamp = Stamp(self.clock, "dev", "xx", "loud", capture_clock.captured_ns)
        self.worker = Worker(
            self.ring, pipeline, stamp, capture_clock, [self.sink], self.clock, overload or OverloadConfig(),
            self.metrics, self.fatal.append, rewriter,
        )  # fmt: skip

    def run(self) -> "SlowHouse":
        self.worker.start()
        self.worker._thread.join(30.0)
        assert not self.worker._thread.is_alive()
        assert self.fatal == []
        return self

    @property
    def now_s(self) -> float:
        """Since the start."""
        return (self.clock.ns - self.began_ns) / 1e9

    def spend(self, seconds: float) -> None:
        """Time in which the recognizer computes; the microphone goes on."""
        self.clock.advance_s(seconds)
        if seconds > BLOCK / RATE_HZ:
            self.slow_until_s = self.now_s
        while self.captured < len(self.recording) and self._due_ns() <= self.clock.ns:
            self._capture()

    def wait_for_one(self) -> None:
        """Nothing waits: the time goes by until there is a chunk. The second pass takes none of this house's."""
        if self.rewriter is not None:
            waiting = self.rewriter._waiting
            wait_until(lambda: all(one.result is not None for one in waiting), 5.0, "the second pass")
        if self.captured < len(self.recording):
            self.clock.ns = max(self.clock.ns, self._due_ns())
            self._capture()
        else:
            self.ring.close()
            self.worker._stopping.set()

    def _due_ns(self) -> int:
        return self.began_ns + round((self.captured + BLOCK) / RATE_HZ * 1e9)

    def _capture(self) -> None:
        due_ns, at = self._due_ns(), self.captured
        self.captured += BLOCK
        self.ring.push(AudioChunk("s", at, self.recording[at : at + BLOCK], RATE_HZ, due_ns))

    def finals(self) -> list[FinalEvent]:
        return [event for event in self.sink.events if isinstance(event, FinalEvent)]

    def partials(self) -> list[PartialEvent]:
        return [event for event in self.sink.events if isinstance(event, PartialEvent)]

    def texts(self) -> list[str]:
        return [final.text for final in self.finals()]

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"edge_asr_{name}_total", labels) or 0.0

    def dropped_samples(self, reason: str) -> float:
        """By the counter; a whole number where it is exact."""
        return round(self.count("audio_dropped_seconds", reason=reason) * RATE_HZ, 4)

    def gaps(self) -> list[tuple[int, int]]:
        """Samples that were captured and that the pipeline was not given."""
        edges = [0, *(edge for one in self.consumed for edge in (one.first_sample, one.end_sample)), self.captured]
        return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a != b]

    def segments(self) -> list[tuple[str, float, float, str]]:
        """Id, beginning, end and its reason."""
        starts = {one.segment_id: one.start_s for one in self.sink.events if isinstance(one, SpeechStartedEvent)}
        ends = [one for one in self.sink.events if isinstance(one, SpeechEndedEvent)]
        assert sorted(starts) == sorted(one.segment_id for one in ends)
        return [(one.segment_id, starts[one.segment_id], one.end_s, one.end_reason) for one in ends]
