"""Stand-ins for the model of a second pass."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.rescorer import Rescored, SpokenWord, always
from edge_asr.asr.result import EndReason, Hypothesis, Word
from edge_asr.errors import RecognitionError
from edge_asr.observation import Transcript

COMMA = 9


class ScriptedRescorer:
    """Says what it is told, and keeps what it was given to hear; no draft matters."""

    sample_rate_hz = 16_000
    language = "xx"
    model = "second"
    longest_s = 30.0
    log_share = 0.0

    def __init__(self, say: Callable[[int], str] = lambda _: "Well, well.", confidence: float = 0.9) -> None:
        self.say, self.confidence, self.complete = say, confidence, True
        self.heard: list[tuple[int, tuple[int, ...]]] = []  # samples and given tokens of each call
        self.likelier: Callable[[str], float] = lambda _: 9.0  # how much likelier its own text is than another one
        self.asked: list[tuple[Any, tuple[int, ...], str, list[str]]] = []  # each call of `margins`
        self.stopped = False

    def open_end(self, tokens: Sequence[int]) -> Sequence[int]:
        return tokens[:-1] if tokens and tokens[-1] == COMMA else tokens

    def last_words(self, tokens: Sequence[int], count: int) -> Sequence[int] | None:
        return tokens[-count - 1 :]  # the comma is none

    def decode(
        self,
        samples: NDArray[np.int16],
        draft: Sequence[int] | None = None,  # noqa: ARG002 - the seam's
        given: Sequence[int] = (),
        wanted: Callable[[], bool] = always,  # noqa: ARG002
    ) -> Rescored:
        self.heard.append((len(samples), tuple(given)))
        words = tuple(SpokenWord(word, self.confidence) for word in self.say(len(samples)).split())
        sound = f"sound {len(self.heard)}"
        return Rescored(words, (*range(len(words)), COMMA), self.complete, self.log_share, sound)

    def margins(
        self,
        sound: Any,
        given: Sequence[int],
        text: str,
        others: Sequence[str],
        wanted: Callable[[], bool] = always,
    ) -> list[float]:
        if self.stopped or not wanted():
            raise RecognitionError("stopped")
        self.asked.append((sound, tuple(given), text, list(others)))
        return [self.likelier(other) for other in others]

    def stop(self) -> None:
        self.stopped = True


class SlowRescorer(ScriptedRescorer):
    """Waits until it is let go, or stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.busy = threading.Semaphore(0), threading.Event()

    def decode(
        self,
        samples: NDArray[np.int16],
        draft: Sequence[int] | None = None,
        given: Sequence[int] = (),
        wanted: Callable[[], bool] = always,
    ) -> Rescored:
        self.busy.set()
        self.go.acquire(timeout=10.0)
        if self.stopped or not wanted():
            raise RecognitionError("stopped")
        return super().decode(samples, draft, given)

    def stop(self) -> None:
        super().stop()
        self.go.release(100)


class GivenUp(ScriptedRescorer):
    """Computes until it is let go, or nobody wants it any more; says how often that was."""

    def __init__(self) -> None:
        super().__init__(lambda count: f"Well, {count}.")
        self.go, self.busy, self.given_up = threading.Event(), threading.Event(), 0

    def decode(
        self,
        samples: NDArray[np.int16],
        draft: Sequence[int] | None = None,
        given: Sequence[int] = (),
        wanted: Callable[[], bool] = always,
    ) -> Rescored:
        self.busy.set()
        while not self.go.wait(0.001):
            if not wanted():
                self.given_up += 1
                break
        return super().decode(samples, draft, given, wanted)

    def stop(self) -> None:
        super().stop()
        self.go.set()


def final(number: int = 1, *words: str, start_s: float = 0.0, seconds: float = 2.0, stream: str = "s") -> Transcript:
    """A final of the first pass."""
    timed = tuple(Word(word, at / 2, at / 2 + 0.5, 0.7) for at, word in enumerate(words))
    return Transcript(
        stream, f"{stream}-{number}", 3, Hypothesis(timed, seconds, 0.1, timed=True), start_s, start_s,
        start_s + seconds, EndReason.SILENCE, samples=np.zeros(round(seconds * 16_000), np.int16),
    )  # fmt: skip


def ahead_of(one: Transcript, silent_s: float) -> Transcript:
    """What was foreseen of a final while `silent_s` of the silence at its end had not been heard yet."""
    first = one.hypothesis
    earlier = replace(
        first,
        decoded_s=first.decoded_s - silent_s,
        trailing_silence_s=first.trailing_silence_s - silent_s,
        timed=False,
    )
    return replace(one, hypothesis=earlier, samples=one.samples[: len(one.samples) - round(silent_s * 16_000)])


def paused(number: int, *words: str, start_s: float = 0.0) -> Transcript:
    """A final of 2 s that ends with 0.6 s of silence."""
    one = final(number, *words, start_s=start_s)
    return replace(one, hypothesis=replace(one.hypothesis, trailing_silence_s=0.6))
