"""How often words and pairs of words are written: lists of a large collection of texts, by a grammar's word numbers.

A list is text, `WORD COUNT` or `FIRST SECOND COUNT` in a line. What the grammar does not know is passed over. The pairs
are the most frequent ones only, so of what follows a word they cover a part; and the two lists may be of different
collections. Words whose pairs are mostly missing, as those that are written with a capital ("I", "January") where a
list is of small letters, are told apart by that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.errors import ModelError

_COMMONEST = 300  # words by which the two lists are compared
_COVERED = 0.7  # of what follows the commonest words, by the pairs
_MOST_COVERED = 0.9
_FEWEST_SHARE = 0.1  # of the pairs that a word as frequent ends: with fewer its pairs are missing

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WordCounts:
    """By word numbers 0..n-1.

    share (n,): of each word among those that are listed, 0 for the others. first, second, pair_share (pairs,), in the
    order of first, then of second: how likely one is followed by the other where a listed pair begins with it. covered
    (n,): part of what follows a word that the pairs tell, 0..1. ends_pairs (n,): whether they tell of a word behind
    others.
    """

    share: Floats
    first: Indices
    second: Indices
    pair_share: Floats
    covered: Floats
    ends_pairs: NDArray[np.bool_]

    @classmethod
    def read(cls, words: Path, pairs: Path, numbers: Mapping[str, int]) -> Self:
        """Of two lists; raises ModelError."""
        size = max(numbers.values(), default=0) + 1
        share = np.zeros(size)
        for (number,), often in _counts(words, 1, numbers):
            share[number] += often
        share /= max(1.0, share.sum())
        listed = np.array([(*pair, often) for pair, often in _counts(pairs, 2, numbers)], np.float64).reshape(-1, 3)
        listed = listed[np.lexsort((listed[:, 1], listed[:, 0]))]
        first, second, count = listed[:, 0].astype(np.int64), listed[:, 1].astype(np.int64), listed[:, 2]
        begun = np.bincount(first, count, size)
        ended = np.bincount(second, count, size)
        begun_ratio, ended_ratio = (np.divide(of, share, np.zeros(size), where=share > 0) for of in (begun, ended))
        commonest = np.argsort(-share, kind="stable")[: min(_COMMONEST, max(1, np.count_nonzero(share)))]
        return cls(
            share,
            first,
            second,
            count / begun[first],
            np.minimum(begun_ratio / _above_zero(np.median(begun_ratio[commonest])) * _COVERED, _MOST_COVERED),
            ended_ratio > _FEWEST_SHARE * np.median(ended_ratio[commonest]),
        )


def _above_zero(value: np.floating) -> float:
    return float(value) or 1.0


def _counts(path: Path, words: int, numbers: Mapping[str, int]) -> Iterator[tuple[list[int], float]]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read as text: {error}") from error
    for line in lines:
        *known, count = line.split() or [""]
        if len(known) != words or not count.isdecimal():
            raise ModelError(f"{path.name}: {line!r}, expected {'WORD ' * words}COUNT")
        if all(word in numbers for word in known):
            yield [numbers[word] for word in known], float(count)
