"""What was said right before a segment, behind which an offline model hears it.

Whole segments, as far as there is room, and of the one before them its last words: "the inscriptions | give of the
period" is heard behind the inscriptions, however long the sentence was that a pause parted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.align import normalized
from edge_asr.asr.result import Word

LastWords = Callable[[Sequence[int], int], Sequence[int] | None]  # see `Rescorer.last_words`

_SHORTEST_S = 1.0  # of a segment that is cut: in less there is hardly a word
_ONSET_S = 0.1  # before a word begins, unless the one before it is not over


@dataclass(frozen=True, slots=True)
class Said:
    """A segment that was decoded: int16 samples (n,), the tokens of its text, and its words, timed from its beginning.

    The last words of the tokens are the words; there may be others before them. `end_s`: where it ends in its stream.
    """

    stream_id: str
    samples: NDArray[np.int16]
    tokens: tuple[int, ...]
    words: tuple[Word, ...]
    end_s: float


def latest(said: Sequence[Said], room: int, rate_hz: int, last_words: LastWords) -> list[Said]:
    """The last of what was said that goes into `room` samples, of `rate_hz`."""
    kept: list[Said] = []
    for one in reversed(said):
        if len(one.samples) > room:
            rest = _end_of(one, room, rate_hz, last_words)
            return kept if rest is None else [rest, *kept]
        kept.insert(0, one)
        room -= len(one.samples)
    return kept


def _end_of(one: Said, room: int, rate_hz: int, last_words: LastWords) -> Said | None:
    """As many of its last words as go into `room` samples; None when that is too little."""
    whole = len(one.samples)
    for before, word in pairwise(range(len(one.words))):
        begin_s = max(one.words[before].end_s, one.words[word].start_s - _ONSET_S)
        begin, rest = round(begin_s * rate_hz), one.words[word:]
        if whole - begin > room:
            continue
        if whole - begin < _SHORTEST_S * rate_hz or not any(normalized(each.word) for each in rest):
            return None
        tokens = last_words(one.tokens, len(rest))
        if tokens is None:
            return None
        timed = tuple(replace(each, start_s=each.start_s - begin_s, end_s=each.end_s - begin_s) for each in rest)
        return replace(one, samples=one.samples[begin:], tokens=tuple(tokens), words=timed)
    return None
