"""FSTs as arrays, to kaldifst and from it: arc by arc its calls would take a minute for a hundred thousand sentences.

kaldifst reads and writes files only, so a file is made in memory.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import kaldifst
import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.fst_format import ARC, EXPANDED, HEAD, MAGIC, REST, STATE, VERSION

Arcs = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]  # of FstArrays, in any order
_BLOCK = 1 << 18  # arcs that are written together


@dataclass(frozen=True, slots=True)
class FstArrays:
    """States count from 0; no way costs anything.

    source, label, word and target int32 (arcs,) in the order of the sources; ends bool (states,).
    """

    start: int
    source: NDArray[np.int32]
    label: NDArray[np.int32]
    word: NDArray[np.int32]
    target: NDArray[np.int32]
    ends: NDArray[np.bool_]

    @classmethod
    def of(cls, fst: Any) -> Self:
        """Those of a StdVectorFst."""
        with _file() as (number, name):
            kaldifst.StdConstFst(fst).write(name)
            data = os.pread(number, os.fstat(number).st_size, 0)
        offset = HEAD.size
        for _ in ("type", "type of arcs"):
            offset += HEAD.size + HEAD.unpack_from(data, offset)[0]
        _, _, _, start, states, arcs = REST.unpack_from(data, offset)
        state = np.frombuffer(data, STATE, states, offset + REST.size)
        arc = np.frombuffer(data, ARC, arcs, offset + REST.size + state.nbytes)
        source = np.repeat(np.arange(states, dtype=np.int32), state["arcs"])
        return cls(start, source, arc["label"], arc["word"], arc["next"], np.isfinite(state["weight"]))

    def fst(self) -> Any:
        """The same as a StdConstFst."""
        states, arcs = len(self.ends), len(self.source)
        state = np.zeros(states, STATE)
        state["weight"] = np.where(self.ends, np.float32(0.0), np.float32(np.inf))
        state["arcs"] = np.bincount(self.source, minlength=states)
        state["arc"] = np.cumsum(state["arcs"]) - state["arcs"]
        for name, of in (("silent_in", self.label), ("silent_out", self.word)):
            state[name] = np.bincount(self.source[of == 0], minlength=states)
        head = HEAD.pack(MAGIC) + b"".join(HEAD.pack(len(text)) + text for text in (b"const", b"standard"))
        with _file() as (number, name):
            with open(number, "wb", closefd=False) as file:
                # Other properties are left unknown: OpenFst finds out when it needs them.
                file.write(head + REST.pack(VERSION, 0, EXPANDED, self.start, states, arcs))
                file.write(state.data)
                for begin in range(0, arcs, _BLOCK):
                    some = slice(begin, begin + _BLOCK)
                    arc = np.zeros(len(self.source[some]), ARC)
                    arc["label"], arc["word"], arc["next"] = self.label[some], self.word[some], self.target[some]
                    file.write(arc.data)
            return kaldifst.StdConstFst.read(name)


def in_order(start: int, arcs: Arcs, ends: NDArray[np.bool_]) -> FstArrays:
    """An FST of arcs in any order."""
    order = np.argsort(arcs[0], kind="stable").astype(np.int32)
    source, label, word, target = (column.take(order) for column in arcs)
    return FstArrays(start, source, label, word, target, ends)


@contextlib.contextmanager
def _file() -> Iterator[tuple[int, str]]:
    """A file in memory: its descriptor, and a name by which it can be opened meanwhile."""
    number = os.memfd_create("graph", os.MFD_CLOEXEC)
    try:
        yield number, f"/proc/self/fd/{number}"
    finally:
        os.close(number)
