"""The smallest acceptor of the same sentences: states behind which the same may be said are one.

OpenFst minimizes too, and takes seconds for a hundred thousand sentences; of one without loops it can be done from the
end on, all states of one distance from it at once.
"""

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.fst_arrays import FstArrays, in_order

Numbers = NDArray[np.int64]


def minimal(acceptor: FstArrays) -> FstArrays | None:
    """Of a deterministic acceptor whose states all lead to an end; None when it has loops."""
    if not len(acceptor.source):
        return acceptor
    heights = _heights(acceptor)
    if heights is None:
        return None
    states = len(heights)
    degree = np.bincount(acceptor.source, minlength=states)
    by_label = np.lexsort((acceptor.label, acceptor.source))
    label, target = acceptor.label[by_label].astype(np.int64), acceptor.target[by_label]
    first = np.cumsum(degree) - degree
    became = np.arange(states)
    kinds = heights * (int(degree.max()) + 1) + degree
    order = np.argsort(kinds, kind="stable")
    for alike in np.split(order, np.flatnonzero(np.diff(kinds[order])) + 1):
        if len(alike) < 2:
            continue
        arcs = first[alike][:, None] + np.arange(degree[alike[0]])
        said = label[arcs] * states + became[target[arcs]]
        same = _same(np.column_stack([acceptor.ends[alike], said]))
        became[alike] = alike[same]
    kept, inverse = np.unique(became, return_inverse=True)
    number: NDArray[np.int32] = inverse.astype(np.int32)
    mine = np.flatnonzero(became[acceptor.source] == acceptor.source)
    source, said, target = number[acceptor.source[mine]], acceptor.label[mine], number[acceptor.target[mine]]
    return in_order(int(number[acceptor.start]), (source, said, said, target), acceptor.ends[kept])


def _heights(acceptor: FstArrays) -> Numbers | None:
    """Of each state the longest way to an end, in words."""
    heights = np.zeros(len(acceptor.ends), np.int64)
    left = np.bincount(acceptor.source, minlength=len(heights))
    by_target = np.argsort(acceptor.target, kind="stable")
    source, target = acceptor.source[by_target], acceptor.target[by_target]
    begin, end = (np.searchsorted(target, np.arange(len(heights)), side) for side in ("left", "right"))
    here, height, done = np.flatnonzero(left == 0), 0, 0
    while len(here):
        heights[here] = height
        done += len(here)
        count = end[here] - begin[here]
        into = np.arange(int(count.sum())) + np.repeat(begin[here] - np.cumsum(count) + count, count)
        before, arcs = np.unique(source[into], return_counts=True)
        left[before] -= arcs
        here, height = before[left[before] == 0], height + 1
    return heights if done == len(heights) else None


def _same(rows: Numbers) -> Numbers:
    """For each row the first that is equal to it."""
    order = np.lexsort(rows.T)
    differs = np.append(True, (rows[order[1:]] != rows[order[:-1]]).any(axis=1))
    same = np.empty(len(rows), np.int64)
    same[order] = order[np.flatnonzero(differs)[np.cumsum(differs) - 1]]
    return same
