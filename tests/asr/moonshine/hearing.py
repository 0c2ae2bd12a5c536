"""A model that hears what the tests play: a word for each half second of loudness, for offline and streaming alike."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.moonshine.recognizer import MoonshineRecognizer
from edge_asr.asr.rescorer import Rescored, SpokenWord, always
from edge_asr.asr.result import Hypothesis
from edge_asr.errors import RecognitionError
from tests.fakes import RATE_HZ


class HearingRescorer:
    """Word `w3` is the fourth. It keeps the length of what it was given, in samples, and the draft, if any.

    `most`: it writes no more words than these, whatever it hears.
    """

    sample_rate_hz = RATE_HZ
    language = "xx"
    model = "hearing"
    longest_s = 64.0

    def __init__(self, confidence: float = 0.9, mark: str = "", most: int = 1000) -> None:
        self.confidence, self.mark, self.most = confidence, mark, most
        self.complete, self.letter = True, "w"
        self.stopped = False
        self.heard: list[int] = []
        self.drafts: list[tuple[int, ...] | None] = []

    def open_end(self, tokens: Sequence[int]) -> Sequence[int]:
        return tokens

    def last_words(self, tokens: Sequence[int], count: int) -> Sequence[int] | None:
        raise NotImplementedError  # who listens alone hears nothing behind what was said before

    def decode(
        self,
        samples: NDArray[np.int16],
        draft: Sequence[int] | None = None,
        given: Sequence[int] = (),  # noqa: ARG002 - the seam's
        wanted: Callable[[], bool] = always,  # noqa: ARG002
    ) -> Rescored:
        if self.stopped:
            raise RecognitionError("stopped")
        self.heard.append(len(samples))
        self.drafts.append(None if draft is None else tuple(draft))
        loud = int((np.abs(samples.astype(np.int32)) > 1000).sum())
        count = min(self.most, -(-loud // (RATE_HZ // 2)))
        marks = [""] * (count - 1) + [self.mark]
        words = tuple(
            SpokenWord(f"{self.letter}{n}{mark}", self.confidence) for n, mark in zip(range(count), marks, strict=False)
        )
        return Rescored(words, tuple(range(count)), self.complete)

    def margins(
        self, sound: Any, given: Sequence[int], text: str, others: Sequence[str], wanted: Callable[[], bool] = always
    ) -> list[float]:
        raise NotImplementedError  # who listens alone has no other text to compare with

    def stop(self) -> None:
        self.stopped = True


def hypotheses(
    rescorer: HearingRescorer, samples: NDArray[np.int16], size: int = 320, *, partial: bool = True
) -> list[Hypothesis]:
    """All hypotheses of one utterance, the final last."""
    recognizer = MoonshineRecognizer(rescorer)
    state, found = recognizer.start(), []
    for at in range(0, len(samples), size):
        hypothesis, state = recognizer.step(samples[at : at + size], state, partial=partial)
        if hypothesis is not None:
            found.append(hypothesis)
    return [*found, recognizer.finish(state)[0]]
