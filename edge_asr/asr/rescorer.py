"""The seam behind which an offline model gives a finished segment a better text: the second pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as it is to be read, with case and punctuation; confidence in 0..1."""

    word: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Rescored:
    """What an offline model made of a segment.

    `tokens` may be the draft of the next, longer decoding of the same speech. `complete` is false when the model did
    not come to an end by itself: it went round in circles, or wrote more than anybody says in that time. `log_share` is
    the logarithm of how likely it finds all the tokens together, 0 or less, without that end. `sound` is the model's
    own: what it heard, for its `margins`.
    """

    words: tuple[SpokenWord, ...]
    tokens: tuple[int, ...]
    complete: bool
    log_share: float = 0.0
    sound: Any = field(default=None, compare=False, repr=False)

    @property
    def text(self) -> str:
        """Words joined by single spaces."""
        return " ".join(word.word for word in self.words)


def always() -> bool:
    """Somebody waits for it to the end."""
    return True


def never() -> bool:
    """Nobody waits for more than there is."""
    return False


class Rescorer(Protocol):
    """An offline model. Immutable and shared; `decode` and `margins` may be called from any thread."""

    sample_rate_hz: int
    language: str
    model: str
    longest_s: float  # audio that it can take at once

    def open_end(self, tokens: Sequence[int]) -> Sequence[int]:
        """Tokens less the marks that end a sentence: what follows may belong to it."""
        ...

    def last_words(self, tokens: Sequence[int], count: int) -> Sequence[int] | None:
        """The tokens of the last `count` words; None where no word begins there."""
        ...

    def decode(
        self,
        samples: NDArray[np.int16],
        draft: Sequence[int] | None = None,
        given: Sequence[int] = (),
        wanted: Callable[[], bool] = always,
    ) -> Rescored:
        """Text of int16 samples (n,). Raises RecognitionError.

        given: tokens of what is said at the beginning of the samples, known already and no part of the result: the
        context. draft: tokens of an earlier, shorter decoding of the rest, empty when there was none. It saves time,
        and a model may compute a close decision a little otherwise with it, never follow it. None: the text may stay
        as it is, and is worth a wider search. wanted: asked now and then in the thread that computes; once it is
        false, that ends in a RecognitionError.
        """
        ...

    def margins(
        self,
        sound: Any,
        given: Sequence[int],
        text: str,
        others: Sequence[str],
        wanted: Callable[[], bool] = always,
    ) -> list[float]:
        """Log ratio of the share of `text`, behind what is given, to that of each other one; 0 is as likely.

        sound: of what `decode` made. Texts with case and punctuation, which behind what is given may begin with a mark;
        infinite where the model cannot write the other one, or neither. wanted: as for `decode`. Any thread. Raises
        RecognitionError.
        """
        ...

    def stop(self) -> None:
        """Make every decoding, now and from now on, end in a RecognitionError soon; any thread."""
        ...
