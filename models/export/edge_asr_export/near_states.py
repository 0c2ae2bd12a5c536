"""States of a decoding graph that follow each other lie near each other in its file.

A search that maps the file touches it a page at a time, and the kernel maps the pages around each. The first states,
which all ways begin with, are in the order of their distance from the start, as composing finds them; of the
others each comes with all that is reached through it, so that the inside of a word is in one place. English, with the
ways parted and a beam of 9: 124 page faults a second of speech in place of 200.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_asr.asr.kaldi import graph_map
from edge_asr.asr.kaldi.fst_format import ARC, STATE
from edge_asr_export.graph_arrays import GraphArrays, Indices


def put_near(graph: Path, ordered: Path, tick: Callable[[], None]) -> None:
    """Write the const FST `graph` as `ordered`, the same with its states in another order. Raises ModelError.

    As much of it is in the order of the distance as stays in memory. `tick` is called now and then.
    """
    arrays = GraphArrays.open(graph)
    found = _Tree.of(arrays, tick)
    sizes = STATE.itemsize + ARC.itemsize * arrays.state["arcs"][found.states].astype(np.int64)
    first = int(np.searchsorted(np.cumsum(sizes), graph_map.KEPT_BYTES, side="right"))
    kept = found.states[found.order(first)]
    number = np.zeros(len(arrays.state), np.int32)
    number[kept] = np.arange(len(kept), dtype=np.int32)
    tick()
    arrays.write(ordered, kept, number)


@dataclass(frozen=True)
class _Tree:
    """States by their distance from the start, each with the place, in that order, of the one that it was found from.

    What cannot be reached is not among them. `levels`: the place at which each distance begins, and the end.
    """

    states: Indices
    parent: Indices
    levels: list[int]

    @classmethod
    def of(cls, graph: GraphArrays, tick: Callable[[], None]) -> "_Tree":
        seen = np.zeros(len(graph.state), np.bool_)
        front = np.array([graph.header.start])
        states, parents, levels = [], [np.array([-1])], [0]
        seen[front] = True
        while len(front):
            states.append(front)
            behind = graph.arcs_of(front)["next"].astype(np.int64)
            place = np.repeat(np.arange(levels[-1], levels[-1] + len(front)), graph.state["arcs"][front])
            fresh = np.flatnonzero(~seen[behind])
            _, at = np.unique(behind[fresh], return_index=True)
            fresh = fresh[np.sort(at)]  # each the first time, in the order in which they are found
            levels.append(levels[-1] + len(front))
            front = behind[fresh]
            seen[front] = True
            parents.append(place[fresh])
            tick()
        return cls(np.concatenate(states), np.concatenate(parents), levels)

    def order(self, first: int) -> Indices:
        """Places in this tree: the first so many as they are, then each of the others right before all below it."""
        below = np.ones(len(self.states), np.int64)  # of the others, each with what it is followed by
        for begin, end in reversed(self._beyond(first)):
            inner = int(np.searchsorted(self.parent[begin:end], first)) + begin  # those whose parent is one of them
            np.add.at(below, self.parent[inner:end], below[inner:end])
        position = np.arange(len(self.states))
        free = first
        for begin, end in self._beyond(first):
            inner = int(np.searchsorted(self.parent[begin:end], first)) + begin
            position[begin:inner] = free + np.cumsum(below[begin:inner]) - below[begin:inner]
            free += int(below[begin:inner].sum())
            parent, size = self.parent[inner:end], below[inner:end]
            before = np.cumsum(size) - size  # of all in this level, then of those with the same parent
            eldest = np.flatnonzero(np.append(True, parent[1:] != parent[:-1])[: len(parent)])
            before -= np.repeat(before[eldest], np.diff(np.append(eldest, len(parent))))
            position[inner:end] = position[parent] + 1 + before
        order = np.empty(len(position), np.int64)
        order[position] = np.arange(len(position))
        return order

    def _beyond(self, first: int) -> list[tuple[int, int]]:
        """Begin and end of each distance, without the first so many states."""
        pairs = zip(self.levels, self.levels[1:], strict=False)
        return [(max(begin, first), end) for begin, end in pairs if end > first]
