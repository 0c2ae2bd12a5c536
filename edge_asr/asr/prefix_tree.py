"""Rows of numbers as a tree: those that begin alike are one until they differ. By arrays, for millions of numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Wide = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in a row: `numbers` int32, and of each row where it begins in them and its length."""

    numbers: Ints
    begin: Wide
    length: Wide

    @classmethod
    def of(cls, numbers: Ints, length: Wide) -> "Rows":
        """Of these lengths, one after the other."""
        return cls(numbers, np.cumsum(length) - length, length)

    def taken(self, which: NDArray[np.integer]) -> "Rows":
        """Some of them, in that order."""
        return Rows(self.numbers, self.begin[which], self.length[which])


@dataclass(frozen=True, slots=True)
class PrefixTree:
    """Nodes (nodes,) in the order of the rows that made them, rows (rows,).

    number: what stands at a node; row: which made it; depth: from 0; parent: -1 at depth 0, else a node before it.
    shared: with how many numbers a row begins like the one before it; last: node of its last number.
    """

    number: Ints
    row: Ints
    depth: Ints
    parent: Ints
    shared: Wide
    last: Ints


def prefix_tree(rows: Rows, group: NDArray[np.integer]) -> PrefixTree:
    """Tree of rows, none empty, that are sorted by `group` and within it by their numbers; groups share nothing."""
    shared = _shared(rows, group)
    made = rows.length - shared  # nodes that are not those of rows before
    first = np.cumsum(made) - made  # the first of them
    row = np.repeat(np.arange(len(made), dtype=np.int32), made)
    depth = (np.arange(len(row)) - first[row] + shared[row]).astype(np.int32)
    parent = np.arange(-1, len(row) - 1, dtype=np.int32)
    makers = np.flatnonzero(made)
    parent[first[makers]] = _nodes(first, shared, makers, shared[makers] - 1)
    last = _nodes(first, shared, np.arange(len(made)), rows.length - 1)
    return PrefixTree(rows.numbers[rows.begin[row] + depth], row, depth, parent, shared, last)


def _shared(rows: Rows, group: NDArray[np.integer]) -> Wide:
    shared = np.zeros(len(rows.length), np.int64)
    going = np.flatnonzero(group[1:] == group[:-1]) + 1
    depth = 0
    while len(going):
        going = going[(rows.length[going] > depth) & (rows.length[going - 1] > depth)]
        one, other = rows.begin[going] + depth, rows.begin[going - 1] + depth
        going = going[rows.numbers[one] == rows.numbers[other]]
        depth += 1
        shared[going] = depth
    return shared


def _nodes(first: Wide, shared: Wide, rows: NDArray[np.integer], depths: Wide) -> Ints:
    """Node at a depth of each of these rows, -1 at depth -1: of the last row up to it that made its own there."""
    found = np.full(len(rows), -1, np.int32)
    own = depths >= shared[rows]
    found[own] = first[rows[own]] + depths[own] - shared[rows[own]]
    for depth in np.unique(depths[~own & (depths >= 0)]):
        maker = np.maximum.accumulate(np.where(shared <= depth, np.arange(len(shared)), -1))
        here = np.flatnonzero(~own & (depths == depth))
        made_by = maker[rows[here]]
        found[here] = first[made_by] + depth - shared[made_by]
    return found
