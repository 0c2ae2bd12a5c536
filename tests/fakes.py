"""Stand-ins for the seams: a voice detector, a recognizer, a clock and a sink that do what they are told."""

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.result import Hypothesis, Word
from edge_asr.commands import Reply
from edge_asr.controls import ControlValues
from edge_asr.events import (
    CommandResponse,
    Event,
    LadderReport,
    LevelReport,
    LoadReport,
    ModelReport,
    Report,
    SentencesReport,
    StateReport,
)
from edge_asr.hearing import Hearing
from edge_asr.sensitivity import Thresholds

RATE_HZ = 16_000
BLOCK = 320


def tone(seconds: float, amplitude: int = 8000) -> NDArray[np.int16]:
    """What the fakes take for speech: a square wave of 500 Hz, whose every sample is loud."""
    half = np.arange(round(seconds * RATE_HZ)) // 16 % 2
    return (amplitude * (2 * half - 1)).astype(np.int16)


def hush(seconds: float) -> NDArray[np.int16]:
    """What they take for silence."""
    return np.zeros(round(seconds * RATE_HZ), np.int16)


class LoudVad:
    """Voiced is what is loud: above 1000, or above 2000 times the threshold that it is given."""

    def __init__(self) -> None:
        self.level = 1000.0

    def voiced(self, block: NDArray[np.int16], *, later: bool = False) -> bool:  # noqa: ARG002 - it knows at once
        return bool(np.abs(block.astype(np.int32)).mean() > self.level)

    @property
    def unvoiced_samples(self) -> int:
        return 0

    def reset(self) -> None:
        pass

    def tune(self, thresholds: Thresholds) -> None:
        self.level = 2000 * thresholds.silero_threshold


@dataclass(frozen=True)
class LoudState:
    samples: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    decoded: int = 0


class LoudRecognizer:
    """Hears one word of `confidence` for each half second of loudness, in chunks of `chunk` samples.

    It fails when told to.
    """

    sample_rate_hz = RATE_HZ
    language = "xx"
    model = "loud"

    def __init__(self, chunk: int = 3200, confidence: float = 0.9) -> None:
        self.chunk = chunk
        self.confidence = confidence
        self.fail = False
        self.wanted: list[bool] = []  # whether a partial was wanted, for each step
        self.stopped = threading.Event()

    def start(self, gain: float = 1.0) -> LoudState:  # noqa: ARG002 - the seam's
        return LoudState()

    def step(
        self, samples: NDArray[np.int16], state: LoudState, *, partial: bool = True
    ) -> tuple[Hypothesis | None, LoudState]:
        if self.fail:
            raise RuntimeError("told to fail")
        self.wanted.append(partial)
        state = replace(state, samples=np.concatenate([state.samples, samples]))
        ready = len(state.samples) // self.chunk * self.chunk
        if ready == state.decoded:
            return None, state
        state = replace(state, decoded=ready)
        return self._hypothesis(state.samples[:ready], timed=False), state

    def finish(self, state: LoudState) -> tuple[Hypothesis, LoudState]:
        return self._hypothesis(state.samples, timed=True), state

    def stop(self) -> None:
        self.stopped.set()

    def _hypothesis(self, samples: NDArray[np.int16], *, timed: bool) -> Hypothesis:
        loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 1000)
        words = len(loud) // (RATE_HZ // 2)
        last = int(loud[-1]) + 1 if len(loud) else 0
        begin = int(loud[0]) / RATE_HZ if len(loud) else 0.0
        return Hypothesis(
            tuple(Word(f"w{n}", begin + n / 2, begin + n / 2 + 0.5, self.confidence) for n in range(words)),
            len(samples) / RATE_HZ,
            (len(samples) - last) / RATE_HZ,
            timed,
        )


class HandClock:
    """Time stands until it is moved."""

    def __init__(self) -> None:
        self.ns = 1_000_000_000

    def monotonic_ns(self) -> int:
        return self.ns

    def now(self) -> datetime:
        return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.ns / 1000)

    def synced(self) -> bool:
        return True

    def advance_s(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9)


class StillModels:
    """A switch between models that does what it is told when it is told: loads, fails, is done."""

    def __init__(self) -> None:
        self.in_force = Hearing("", ())
        self.language = ""
        self.settled = True
        self.fault = ""
        self.wanted: list[Hearing] = []
        self.closed = False
        self.loads = False
        self.agains = 0
        self.sentences: SentencesReport | None = None

    def close(self) -> None:
        self.closed = True

    def quiet(self, wait_s: float) -> bool:
        assert self.closed
        assert 0 <= wait_s < 3
        return not self.loads

    def again(self) -> None:
        self.agains += 1
        self.settled = False

    def want(self, hearing: Hearing) -> None:
        self.wanted.append(hearing)
        self.settled = False

    def turn(self) -> str:
        fault, self.fault = self.fault, ""
        self.settled = self.settled or bool(fault)
        return fault


class ListSink:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.states: list[StateReport] = []
        self.reports: list[LoadReport | ModelReport | LevelReport] = []
        self.rungs: list[LadderReport] = []
        self.answers: list[ControlValues] = []
        self.responses: list[tuple[CommandResponse, Reply]] = []
        self.stopped = False

    def start(self) -> None:
        pass

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def report(self, state: Report) -> None:
        if isinstance(state, StateReport):
            self.states.append(state)
        elif isinstance(state, LadderReport):
            self.rungs.append(state)
        else:
            self.reports.append(state)

    def answer(self, values: ControlValues) -> None:
        self.answers.append(values)

    def respond(self, response: CommandResponse, reply: Reply) -> None:
        self.responses.append((response, reply))

    def stop(self, deadline_s: float) -> None:  # noqa: ARG002 - the seam's
        self.stopped = True
