"""How sure a word is: the network's certainty of the best path, calibrated.

Each frame's score of the output on the path is normalized over all outputs; a word's mean is mapped to the share of
words that were right at that mean, by a logistic fit on 1,438 words of read speech (AUC 0.70: a hint, not a proof).
"""

import math

import numpy as np
from numpy.typing import NDArray

_FAR = 80.0  # logarithms beyond it are near the ends of float32, where sums are wrong, or none
_ROOM = 256  # outputs that are kept without growing: 7.7 s
_CENTRE, _OFFSET, _SLOPE = -4.4, 1.95, 1.5  # the fit; right words have means about -4.45, wrong ones -4.73


class Certainty:
    """The network's outputs of one utterance, kept to tell how certain a path through them is. One thread."""

    def __init__(self) -> None:
        self._scores: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._totals: NDArray[np.float32] = np.empty(0, np.float32)
        self._shares: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._count = 0

    def add(self, scores: NDArray[np.float32]) -> None:
        """Take the next outputs float32 (n, outputs)."""
        end = self._count + len(scores)
        if end > len(self._totals):
            room = max(_ROOM, 2 * end)
            self._scores = _longer(self._scores[: self._count], (room, scores.shape[1]))
            self._totals = _longer(self._totals[: self._count], (room,))
        self._scores[self._count : end] = scores
        if scores.shape != self._shares.shape:
            self._shares = np.empty_like(scores)
        self._totals[self._count : end] = _log_total(scores, self._shares)
        self._count = end

    @property
    def scores(self) -> NDArray[np.float32]:
        """All outputs so far, float32 (frames, outputs)."""
        return self._scores[: self._count]

    def along(self, pdfs: NDArray[np.int32], begin: int = 0) -> NDArray[np.float32]:
        """Log share float32 (frames,) of the outputs `pdfs` int32 (frames,), from the frame `begin` on, among all."""
        frames = np.arange(begin, min(begin + len(pdfs), self._count))
        certainty: NDArray[np.float32] = self._scores[frames, pdfs[: len(frames)]] - self._totals[frames]
        return certainty


def _log_total(scores: NDArray[np.float32], room: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithm float32 (n,) of the sum of each row's exponentials; `room` is as large as `scores`."""
    with np.errstate(over="ignore", divide="ignore"):
        totals: NDArray[np.float32] = np.log(np.add.reduce(np.exp(scores, out=room), axis=1))
    if (abs(totals) < _FAR).all():  # always, by the scores of a network as they are trained
        return totals
    top = np.maximum.reduce(scores, axis=1)
    careful: NDArray[np.float32] = top + np.log(np.add.reduce(np.exp(scores - top[:, None]), axis=1))
    return careful


def _longer(array: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    room = np.empty(shape, np.float32)
    if len(array):
        room[: len(array)] = array
    return room


def word_confidence(certainty: NDArray[np.float32]) -> float:
    """Confidence in 0..1 of a word whose frames have these certainties; 0 for a word without a frame."""
    if not len(certainty):
        return 0.0
    mean = float(np.add.reduce(certainty)) / len(certainty)  # of a few numbers, for every word of every partial
    return 1.0 / (1.0 + math.exp(-(_OFFSET + _SLOPE * (mean - _CENTRE))))
