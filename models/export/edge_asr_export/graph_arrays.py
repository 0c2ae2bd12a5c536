"""A decoding graph's file as arrays, looked at and written some states at a time.

Small machines hold little beside the graph.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.fst_format import ARC, STATE
from edge_asr.asr.kaldi.graph_file import GraphHeader
from edge_asr.errors import ModelError

_BLOCK = 1 << 18  # states that are looked at together
# Linux may keep what is written at once as one large piece, and one look maps all of it: resident memory went up by the
# whole graph. So much a look maps in any case.
_PIECE_BYTES = 1 << 16

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class GraphArrays:
    """States, arcs where they lie in the file, and where each state's begin, (states + 1,)."""

    header: GraphHeader
    state: NDArray[np.void]
    arc: NDArray[np.void]
    begins: Indices

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises ModelError."""
        header = GraphHeader.read(path)
        state = np.fromfile(path, STATE, header.states, offset=header.states_at)
        arc = np.memmap(path, ARC, "r", offset=header.arcs_at, shape=(header.arcs,))
        begins = np.append(state["arc"], header.arcs).astype(np.int64)
        if (np.diff(begins) != state["arcs"]).any():
            raise ModelError(f"{path} does not keep its arcs in the order of its states")
        graph = cls(header, state, arc, begins)
        for _, some in graph.blocks():
            behind = arc["next"][some]
            if ((behind < 0) | (behind >= header.states)).any():
                raise ModelError(f"{path} has an arc to a state that is none of its {header.states}")
        return graph

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Some states at a time, and their arcs."""
        for first in range(0, len(self.state), _BLOCK):
            last = min(first + _BLOCK, len(self.state))
            yield slice(first, last), slice(int(self.begins[first]), int(self.begins[last]))

    def arcs_of(self, states: Indices) -> NDArray[np.void]:
        """Copy of the arcs of some states, one state's behind the other's."""
        state = self.state[states]
        before = np.cumsum(state["arcs"], dtype=np.int64) - state["arcs"]
        count = int(state["arcs"].sum(dtype=np.int64))
        arcs: NDArray[np.void] = self.arc[np.arange(count) + np.repeat(self.begins[states] - before, state["arcs"])]
        return arcs

    def write(self, path: Path, kept: Indices, number: NDArray[np.int32]) -> None:
        """Write the states `kept`, in their order, and their arcs; `number`, (states,), is what each state becomes."""
        write_graph(path, self.header, int(number[self.header.start]), self.state[kept], self._renumbered(kept, number))

    def _renumbered(self, kept: Indices, number: NDArray[np.int32]) -> Iterator[NDArray[np.void]]:
        for first in range(0, len(kept), _BLOCK):
            arc = self.arcs_of(kept[first : first + _BLOCK])
            arc["next"] = number[arc["next"]]
            yield arc


def write_graph(
    path: Path, like: GraphHeader, start: int, state: NDArray[np.void], arcs: Iterable[NDArray[np.void]]
) -> None:
    """Write a graph with a header `like` another's; `arcs` are those of the states, in their order, some at a time."""
    count = int(state["arcs"].sum(dtype=np.int64))
    state["arc"] = np.cumsum(state["arcs"], dtype=np.int64) - state["arcs"]
    header = like.of(start, len(state), count)
    with path.open("wb") as file:
        file.write(header.data)
        _put(file, [state])
        file.write(b"\0" * (header.arcs_at - file.tell()))
        _put(file, arcs)


def _put(file: BinaryIO, arrays: Iterable[NDArray[np.void]]) -> None:
    for array in arrays:
        data = memoryview(array.tobytes())
        for begin in range(0, len(data), _PIECE_BYTES):
            file.write(data[begin : begin + _PIECE_BYTES])
