"""The decoding graph's file, looked at before OpenFst reads it.

OpenFst writes its complaints to standard error by itself, and its search trusts every number in the file: a wrong one
ends the process. So header, size and the range of every number are checked here; it takes a fraction of a second.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.fst_format import ARC, EXPANDED, HEAD, MAGIC, REST, STATE, VERSION
from edge_asr.errors import ModelError

_ALIGNED_VERSION = 1  # of a const FST whose parts begin at multiples of 16
_ALIGNED_FLAG = 4
_ALIGNMENT = 16
_MOST_HEADER_BYTES = 256
_BLOCK = 1 << 18  # entries that are looked at together


@dataclass(frozen=True, slots=True)
class GraphHeader:
    """What a whole const FST's file says of itself. `data`: its bytes before the states, padding and all."""

    data: bytes
    rest_at: int
    alignment: int
    start: int
    states: int
    arcs: int

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises ModelError, and OSError."""
        with path.open("rb") as file:
            data = file.read(_MOST_HEADER_BYTES)
        try:
            (magic,) = HEAD.unpack_from(data)
            if magic != MAGIC:
                raise ModelError(f"{path} is not a decoding graph: it does not begin like one of OpenFst's files")
            kind, offset = _text(data, HEAD.size)
            arc_kind, offset = _text(data, offset)
            version, flags, _, start, states, arcs = REST.unpack_from(data, offset)
        except struct.error:
            raise ModelError(f"{path} is not a decoding graph: it ends within the header") from None
        alignment = {(_ALIGNED_VERSION, _ALIGNED_FLAG): _ALIGNMENT, (VERSION, 0): 1}.get((version, flags))
        if (kind, arc_kind) != (b"const", b"standard") or alignment is None:
            raise ModelError(f"{path} is not a decoding graph: no const FST of OpenFst")
        if not 0 <= start < states or arcs < 1:
            raise ModelError(f"{path} is an empty graph: {states} states, {arcs} arcs, begin at {start}")
        header = cls(data[: _aligned(offset + REST.size, alignment)], offset, alignment, start, states, arcs)
        size, wanted = path.stat().st_size, header.arcs_at + arcs * ARC.itemsize
        if size != wanted:
            raise ModelError(f"{path} has {size} bytes, its own header says {wanted}")
        return header

    @property
    def states_at(self) -> int:
        """Where the states begin."""
        return len(self.data)

    @property
    def arcs_at(self) -> int:
        """Where the arcs begin."""
        return _aligned(self.states_at + self.states * STATE.itemsize, self.alignment)

    def of(self, start: int, states: int, arcs: int) -> Self:
        """That of another graph; of its properties nothing is said, OpenFst finds out when it needs them."""
        data = bytearray(self.data)
        version, flags, *_ = REST.unpack_from(data, self.rest_at)
        REST.pack_into(data, self.rest_at, version, flags, EXPANDED, start, states, arcs)
        return replace(self, data=bytes(data), start=start, states=states, arcs=arcs)


def check_graph_file(path: Path, labels: int, known: NDArray[np.bool_]) -> bool:
    """Refuse a file that is not a whole const FST of labels 0..`labels` and of `known` words; raises ModelError.

    `known` bool (words,) tells by number. Returns whether the file's parts are aligned, so that it can be mapped.
    """
    try:
        header = GraphHeader.read(path)
        states, arcs = header.states, header.arcs
        for state in _blocks(path, STATE, header.states_at, states):
            _within(path, "an arc", state["arc"].astype(np.int64) + state["arcs"], arcs)
        for arc in _blocks(path, ARC, header.arcs_at, arcs):
            _within(path, "a label", arc["label"], labels)
            _within(path, "a state", arc["next"], states - 1)
            _within(path, "a word", arc["word"], len(known) - 1)
            unknown = ~known[arc["word"]]
            if unknown.any():
                word = int(arc["word"][unknown.argmax()])
                raise ModelError(f"{path} names the word {word}, which is not among the words")
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    return header.alignment == _ALIGNMENT


def _blocks(path: Path, kind: np.dtype[np.void], begin: int, count: int) -> Iterator[NDArray[np.void]]:
    """Entries of one part of the file, some at a time: looking at all of them at once takes the file's size."""
    for first in range(0, count, _BLOCK):
        yield np.fromfile(path, kind, min(_BLOCK, count - first), offset=begin + first * kind.itemsize)


def _aligned(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


def _text(data: bytes, offset: int) -> tuple[bytes, int]:
    (length,) = HEAD.unpack_from(data, offset)
    begin = offset + HEAD.size
    if not 0 <= length <= len(data) - begin:
        raise struct.error
    return data[begin : begin + length], begin + length


def _within(path: Path, what: str, numbers: NDArray[np.generic], limit: int) -> None:
    for found in (int(numbers.min()), int(numbers.max())):
        if not 0 <= found <= limit:
            raise ModelError(f"{path} names {what} {found}, expected 0 to {limit}")
