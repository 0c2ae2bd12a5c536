"""How sure a word is: the network's certainty of the best path, calibrated.

Each frame's score of the output on the path is normalized over all outputs; a word's mean is mapped to the share of
words that were right at that mean, by a logistic fit on 1,438 words of read speech (AUC 0.70: a hint, not a proof).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FrameScores = tuple[NDArray[np.float32], NDArray[np.float32]]  # outputs of a chunk and their `frame_totals`

_CENTRE, _OFFSET, _SLOPE = -4.4, 1.95, 1.5  # the fit; right words have means about -4.45, wrong ones -4.73


def frame_totals(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log sum float32 (n,) over the outputs of each frame of `scores` float32 (n, outputs)."""
    top = scores.max(axis=1)
    totals: NDArray[np.float32] = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
    return totals


def frame_certainty(scores: Sequence[FrameScores], pdfs: NDArray[np.int32]) -> NDArray[np.float32]:
    """Log share float32 (frames,) of the outputs `pdfs` int32 (frames,) among all outputs, chunk after chunk."""
    certainty = np.empty(len(pdfs), np.float32)
    begin = 0
    for chunk, totals in scores:
        wanted = pdfs[begin : begin + len(chunk)]
        rows = np.arange(len(wanted))
        certainty[begin : begin + len(wanted)] = chunk[rows, wanted] - totals[: len(wanted)]
        begin += len(wanted)
    return certainty[:begin]


def word_confidence(certainty: NDArray[np.float32]) -> float:
    """Confidence in 0..1 of a word whose frames have these certainties; 0 for a word without a frame."""
    if not len(certainty):
        return 0.0
    return 1.0 / (1.0 + math.exp(-(_OFFSET + _SLOPE * (float(certainty.mean()) - _CENTRE))))
