"""What was said right before a segment, behind which an offline model hears it.

Whole segments, as far as there is room, and of the one before them its last words: "the inscriptions | give of the
period" is heard behind the inscriptions, however long the sentence was that a pause parted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.result import Word

Write = Callable[[str], Sequence[int] | None]  # tokens of a text, None where it cannot be written

_SHORTEST_S = 1.0  # of a segment that is cut: of less there is no word
_ONSET_S = 0.1  # before a word begins, unless the one before it is not over


@dataclass(frozen=True, slots=True)
class Said:
    """A segment that was decoded: int16 samples (n,), the tokens of its text, and its words, timed from its beginning.

    `end_s`: where it ends in its stream.
    """

    stream_id: str
    samples: NDArray[np.int16]
    tokens: tuple[int, ...]
    words: tuple[Word, ...]
    end_s: float


def latest(said: Sequence[Said], room: int, rate_hz: int, write: Write) -> list[Said]:
    """The last of what was said that goes into `room` samples, of `rate_hz`."""
    kept: list[Said] = []
    for one in reversed(said):
        if len(one.samples) > room:
            rest = _last_words(one, room, rate_hz, write)
            return kept if rest is None else [rest, *kept]
        kept.insert(0, one)
        room -= len(one.samples)
    return kept


def _last_words(one: Said, room: int, rate_hz: int, write: Write) -> Said | None:
    """As many of its last words as go into `room` samples; None when that is too little."""
    whole = len(one.samples)
    for count in range(1, len(one.words)):
        word = one.words[count]
        begin_s = max(one.words[count - 1].end_s, word.start_s - _ONSET_S)
        begin = round(begin_s * rate_hz)
        if whole - begin > room:
            continue
        if whole - begin < _SHORTEST_S * rate_hz:
            return None
        tokens = write(" ".join(word.word for word in one.words[count:]))
        if tokens is None:
            return None
        words = tuple(
            replace(word, start_s=word.start_s - begin_s, end_s=word.end_s - begin_s) for word in one.words[count:]
        )
        return replace(one, samples=one.samples[begin:], tokens=tuple(tokens), words=words)
    return None
