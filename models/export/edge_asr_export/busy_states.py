"""The states of a decoding graph that are visited most come first in its file, so that they can be kept in memory.

How often is known from the graph alone: somebody who speaks as its costs say walks through it for a while, and begins
again where an utterance ends. A search looks at more than that one way, but at states around it. English: a seventh of
the states, with a fifth of the file, has nine of ten visits; with that in memory a second of speech has 164 page faults
in place of 276.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.fst_format import ARC, STATE
from edge_asr.asr.kaldi.graph_file import BUSY_BYTES
from edge_asr_export.graph_arrays import GraphArrays, Indices

_STEPS = 40  # through as many sounds and words


def busy_first(graph: GraphArrays, first: NDArray[np.int32], tick: Callable[[], None]) -> Indices:
    """Numbers of the states that stay, in the order of the file: `BUSY_BYTES` of busy ones before all others.

    first (states,): for each state the first one that is like it; that one stays, and is visited as all of them are.
    Among the busy and among the others the order is what it was. `tick` is called now and then.
    """
    stay = first == np.arange(len(first))
    visits = np.bincount(first, _visits(graph, tick), len(first))
    order = np.argsort(np.where(stay, -visits, np.inf), kind="stable")[: int(stay.sum())]
    sizes = STATE.itemsize + ARC.itemsize * graph.state["arcs"][order].astype(np.int64)
    busy = np.zeros(len(first), np.bool_)
    busy[order[: int(np.searchsorted(np.cumsum(sizes), BUSY_BYTES, side="right"))]] = True
    return np.concatenate([np.flatnonzero(stay & busy), np.flatnonzero(stay & ~busy)])


def _visits(graph: GraphArrays, tick: Callable[[], None]) -> NDArray[np.float64]:
    """How often each state is visited in so many steps, float64 (states,)."""
    states, arcs_of = len(graph.state), graph.state["arcs"]
    share = np.empty(len(graph.arc), np.float32)
    for some, arcs in graph.blocks():
        likely, own = np.exp(-graph.arc["weight"][arcs]), np.repeat(np.arange(some.stop - some.start), arcs_of[some])
        ends = np.exp(-graph.state["weight"][some].astype(np.float64))
        total = np.bincount(own, likely, some.stop - some.start) + ends
        share[arcs] = likely / np.maximum(total, np.finfo(np.float32).tiny)[own]
    here, visits = np.zeros(states), np.zeros(states)
    here[graph.header.start] = 1.0
    for _ in range(_STEPS):
        there = np.zeros(states)
        for some, arcs in graph.blocks():
            there += np.bincount(graph.arc["next"][arcs], np.repeat(here[some], arcs_of[some]) * share[arcs], states)
        there[graph.header.start] += 1.0 - float(there.sum())
        visits += there
        here = there
        tick()
    return visits
