"""Shares of tokens among all, from a decoder's logits."""

import math

import numpy as np
from numpy.typing import NDArray


def log_total(logits: NDArray[np.float32]) -> float:
    """Logarithm of the sum of the exponentials of (n,), summed in double precision."""
    top = logits.max()
    return float(top) + math.log(np.exp(logits - top).sum(dtype=np.float64))


def best(logits: NDArray[np.float32]) -> tuple[int, float]:
    """Most likely token of logits (vocabulary,), and the log of its share among all."""
    token = int(logits.argmax())
    return token, float(logits[token]) - log_total(logits)
