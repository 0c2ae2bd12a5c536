"""How often words and pairs of words are written: lists of a large collection of texts, by a grammar's word numbers.

A list is text, `WORD COUNT` or `FIRST SECOND COUNT` in a line. What the grammar does not know is passed over. The pairs
are the most frequent ones only, so of what follows a word they cover a part; and the two lists may be of different
collections. Words whose pairs are mostly missing, as those that are written with a capital ("I", "January") where a
list is of small letters, are told apart by that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.errors import ModelError

_COMMONEST = 300  # words by which the two lists are compared
_COVERED = 0.7  # of what follows the commonest words, by the pairs
_MOST_COVERED = 0.9
_LEAST_COVERED = 0.15  # with less the pairs that begin with a word are missing,
_FEWEST_SHARE = 0.1  # and with less of the pairs that a word as frequent ends, those
_MOST_ALIKE = 20  # words: what more are said to be is no count but something put in its place
_MOST_DIGITS = 18

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WordCounts:
    """By word numbers 0..n-1.

    share (n,): of each word among those that are listed, 0 for the others. first, second, pair_share (pairs,), in the
    order of first, then of second: how likely one is followed by the other where a listed pair begins with it. covered
    (n,): part of what follows a word that the pairs tell, 0..1, 0 where they are missing. ends_pairs (n,): whether they
    tell of a word behind others.
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
        word, often = _counts(words, 1, numbers)
        _, group, alike = np.unique(often, return_inverse=True, return_counts=True)
        share = np.bincount(word, np.where(alike[group] > _MOST_ALIKE, 0.0, often), size).astype(np.float64)
        share /= max(1.0, float(share.sum()))
        listed, often = _counts(pairs, 2, numbers)
        pair, at = np.unique(listed, return_inverse=True)
        first, second, count = pair // size, pair % size, np.bincount(at, often, len(pair))
        begun = np.bincount(first, count, size)
        ended = np.bincount(second, count, size)
        begun_ratio, ended_ratio = (np.divide(of, share, np.zeros(size), where=share > 0) for of in (begun, ended))
        commonest = np.argsort(-share, kind="stable")[: min(_COMMONEST, max(1, np.count_nonzero(share)))]
        covered = np.minimum(begun_ratio / _above_zero(np.median(begun_ratio[commonest])) * _COVERED, _MOST_COVERED)
        return cls(
            share,
            first,
            second,
            count / begun[first],
            np.where(covered < _LEAST_COVERED, 0.0, covered),
            ended_ratio > _FEWEST_SHARE * np.median(ended_ratio[commonest]),
        )


def _above_zero(value: np.floating) -> float:
    return float(value) or 1.0


def _counts(path: Path, words: int, numbers: Mapping[str, int]) -> tuple[Indices, Floats]:
    """Of each line whose words are known: these as one number, and their count."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read as text: {error}") from error
    size, known, counts = max(numbers.values(), default=0) + 1, [], []
    for line in lines:
        *said, count = line.split() or [""]
        if len(said) != words or not (count.isdecimal() and int(count[:_MOST_DIGITS]) and len(count) <= _MOST_DIGITS):
            raise ModelError(f"{path.name}: {line[:80]!r}, expected {'WORD ' * words}COUNT")
        number = 0
        for word in said:
            number = number * size + numbers.get(word, 0)
        if all(numbers.get(word) for word in said):
            known.append(number)
            counts.append(float(count))
    return np.array(known, np.int64), np.array(counts, np.float64)
