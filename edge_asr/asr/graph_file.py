"""The decoding graph's file, looked at before OpenFst reads it.

OpenFst writes its complaints to standard error by itself, and its search trusts every number in the file: a wrong one
ends the process. So header, size and the range of every number are checked here; it takes a fraction of a second.
"""

import struct
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_asr.errors import ModelError

_MAGIC = 2125659606  # OpenFst's, of every FST
_VERSION = 2  # of a const FST whose parts follow each other without padding
_HEAD = struct.Struct("<i")
_REST = struct.Struct("<iiQqqq")  # version, flags, properties, start, states, arcs
_MOST_HEADER_BYTES = 256
_STATE = np.dtype([("weight", "<f4"), ("arc", "<u4"), ("arcs", "<u4"), ("silent_in", "<u4"), ("silent_out", "<u4")])
_ARC = np.dtype([("label", "<i4"), ("word", "<i4"), ("weight", "<f4"), ("next", "<i4")])


def check_graph_file(path: Path, labels: int, words: Collection[int]) -> None:
    """Refuse a file that is not a whole const FST of labels 0..`labels` and of these `words`; raises ModelError."""
    try:
        header_bytes, start, states, arcs = _header(path)
        size = path.stat().st_size
        wanted = header_bytes + states * _STATE.itemsize + arcs * _ARC.itemsize
        if size != wanted:
            raise ModelError(f"{path} has {size} bytes, its own header says {wanted}")
        if not 0 <= start < states or arcs < 1:
            raise ModelError(f"{path} is an empty graph: {states} states, {arcs} arcs, begin at {start}")
        state = np.memmap(path, _STATE, "r", header_bytes, (states,))
        arc = np.memmap(path, _ARC, "r", header_bytes + states * _STATE.itemsize, (arcs,))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    ends = state["arc"].astype(np.int64) + state["arcs"]
    _within(path, "an arc", ends, arcs)
    _within(path, "a label", arc["label"], labels)
    _within(path, "a state", arc["next"], states - 1)
    known = np.zeros(max(words, default=0) + 1, np.bool_)
    known[list(words)] = True
    _within(path, "a word", arc["word"], len(known) - 1)
    unknown = ~known[arc["word"]]
    if unknown.any():
        raise ModelError(f"{path} names the word {int(arc['word'][unknown.argmax()])}, which is not among the words")


def _header(path: Path) -> tuple[int, int, int, int]:
    """Size of the header in bytes, first state, count of states, count of arcs."""
    with path.open("rb") as file:
        data = file.read(_MOST_HEADER_BYTES)
    try:
        (magic,) = _HEAD.unpack_from(data)
        if magic != _MAGIC:
            raise ModelError(f"{path} is not a decoding graph: it does not begin like one of OpenFst's files")
        kind, offset = _text(data, _HEAD.size)
        arc_kind, offset = _text(data, offset)
        version, flags, _, start, states, arcs = _REST.unpack_from(data, offset)
    except struct.error:
        raise ModelError(f"{path} is not a decoding graph: it ends within the header") from None
    if (kind, arc_kind, version, flags) != (b"const", b"standard", _VERSION, 0):
        raise ModelError(f"{path} is not a decoding graph: no const FST of OpenFst")
    return offset + _REST.size, start, states, arcs


def _text(data: bytes, offset: int) -> tuple[bytes, int]:
    (length,) = _HEAD.unpack_from(data, offset)
    begin = offset + _HEAD.size
    if not 0 <= length <= len(data) - begin:
        raise struct.error
    return data[begin : begin + length], begin + length


def _within(path: Path, what: str, numbers: NDArray[np.generic], limit: int) -> None:
    for found in (int(numbers.min()), int(numbers.max())):
        if not 0 <= found <= limit:
            raise ModelError(f"{path} names {what} {found}, expected 0 to {limit}")
