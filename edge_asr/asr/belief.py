"""When the text of an offline model cannot be believed: such a model invents words, above all where nobody speaks.

A witness may help: words that were heard in the same sound and are believed, by another model or by the same in less of
it. Without one a text must come to an end and be sure of itself: of 183 segments of speech 4 are not, of 37 in the
noise of a kitchen 27.
"""

import itertools
from collections.abc import Sequence
from typing import Literal

from edge_asr.asr.align import agreement
from edge_asr.asr.rescorer import SpokenWord
from edge_asr.asr.result import Word

Doubt = Literal["empty", "endless", "doubtful"]

_DOUBTFUL = 0.5  # mean confidence below which a text that shares no word with the witness is invented
_CONFIRMED = 0.5  # share of words that both have: what a loop was cut off from may stay
_WORDS_PER_S = 6.0  # nobody speaks faster for long


def doubt(
    words: Sequence[SpokenWord], witness: Sequence[Word | SpokenWord], seconds: float, *, complete: bool
) -> Doubt | None:
    """Why words that were found in so many seconds cannot be believed. complete: see `Rescored`."""
    if not words:
        return "empty"
    agreed = agreement(witness, words)
    if not complete and agreed < _CONFIRMED:
        return "endless"
    if len(words) > 2 + _WORDS_PER_S * seconds:
        return "endless"
    if sureness(words) < _DOUBTFUL and agreed == 0.0:
        return "doubtful"
    return None


def sureness(words: Sequence[SpokenWord]) -> float:
    """Mean confidence, 0..1; of no words 0."""
    return sum(word.confidence for word in words) / max(1, len(words))


def without_leading_marks(words: Sequence[SpokenWord]) -> tuple[SpokenWord, ...]:
    """Words from the first that has a letter or a digit on: what stands before it ends a sentence that is out already.

    A text of marks alone, as music gives, is none.
    """
    return tuple(itertools.dropwhile(lambda word: not any(letter.isalnum() for letter in word.word), words))
