"""Kaldi's binary format, written: the other half of what `kaldi_binary` reads."""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"\0B"
Array = NDArray[Any]


def token(*words: str) -> bytes:
    return b"".join(word.encode() + b" " for word in words)


def integer(value: int) -> bytes:
    return b"\4" + struct.pack("<i", value)


def real(value: float) -> bytes:
    return b"\4" + struct.pack("<f", value)


def double(value: float) -> bytes:
    return b"\x08" + struct.pack("<d", value)


def integers(values: Sequence[int]) -> bytes:
    return b"\4" + struct.pack("<i", len(values)) + struct.pack(f"<{len(values)}i", *values)


def array(values: Array) -> bytes:
    """Vector or matrix in the precision of `values`."""
    letter = {"float32": "F", "float64": "D"}[values.dtype.name]
    head = token(f"{letter}{'V' if values.ndim == 1 else 'M'}") + b"".join(integer(size) for size in values.shape)
    return head + np.ascontiguousarray(values).tobytes()


def symmetric(values: Array) -> bytes:
    """Lower triangle of a symmetric matrix, packed."""
    letter = {"float32": "F", "float64": "D"}[values.dtype.name]
    return token(f"{letter}P") + integer(len(values)) + values[np.tril_indices(len(values))].tobytes()
