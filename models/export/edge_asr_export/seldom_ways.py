"""Ways of a decoding graph that are seldom taken stand behind a silent step, where a search need not look at them.

A search looks at every way out of every state of its beam in every frame, twice, and goes few of them: where a word may
begin there are dozens, most of them so dear that hardly a sound makes up for it. Behind a step that costs nearly as
much as the cheapest of them they are looked at only where the beam reaches that far. What is said costs what it cost.

English: an eighth less search, page faults aside, and of 180 utterances one more whose likeliest path a beam of 9
misses, 14 for 13; Mandarin with a beam of 9 a fifth less, and no more of 62. One round is meant: in a second one some
of the new states would be parted again.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.fst_format import ARC, STATE
from edge_asr_export.graph_arrays import GraphArrays, Indices, write_graph

_DEAR = (5.0, 10.0)  # what costs so much may stand behind a first step, and behind a second one after it
_FEWEST_WAYS = 16  # of a state that is parted
_FEWEST_SPARED = 8  # a step is one more thing to look at, and a token where it is taken
_EARLIER = 2.0  # a step costs so much less than what is behind it: in one frame a sound may make up for that
_GRAIN = 0.25  # steps cost multiples of it, so that no sum is rounded

Floats = NDArray[np.float64]
Piece: TypeAlias = tuple[NDArray[np.void], NDArray[np.void]]  # states, and their arcs one state's after the other's


def part_seldom(graph: Path, parted: Path, tick: Callable[[], None]) -> None:
    """Write the const FST `graph` as `parted`, which has some more states, behind the others. Raises ModelError.

    Its arcs are in memory meanwhile. `tick` is called now and then.
    """
    arrays = GraphArrays.open(graph)
    number = len(arrays.state)
    old: list[Piece] = []
    new: list[Piece] = []
    for states, arcs in arrays.blocks():
        changed, added = _parted(arrays.state[states], arrays.arc[arcs], states.start, number)
        number += len(added[0])
        old.append(changed)
        new.append(added)
        tick()
    state = np.concatenate([states for states, _ in [*old, *new]])
    write_graph(parted, arrays.header, arrays.header.start, state, (arcs for _, arcs in [*old, *new]))


def _parted(state: NDArray[np.void], arc: NDArray[np.void], first: int, number: int) -> tuple[Piece, Piece]:
    """Some states, the graph's from the one numbered `first` on, as they become; and the new ones, from `number` on.

    state (n,), and all arcs (m,) of these states in their order.
    """
    source = np.repeat(np.arange(len(state)), state["arcs"])
    step = _steps(state, arc, source, first)
    reach = _reach(arc, source, step, len(state))
    parents, steps = np.nonzero(np.isfinite(reach[:, 1:]))  # of each new state, in the order of their numbers
    here = np.zeros(reach.shape, np.int64)  # among the states here and then the new ones
    here[:, 0] = np.arange(len(state))
    here[parents, steps + 1] = len(state) + np.arange(len(parents))

    nearer = arc.copy()
    nearer["weight"] -= reach[source, step]
    silent, begins = _silent(reach, parents, steps, number)
    owner = np.concatenate([here[source, step], begins])
    order = np.argsort(owner, kind="stable")
    owner, arcs = owner[order], np.concatenate([nearer, silent])[order]
    weight = np.concatenate([state["weight"], np.full(len(parents), np.inf, np.float32)])  # no new one is an end
    states, cut = _states(weight, owner, arcs), int(np.searchsorted(owner, len(state)))
    return (states[: len(state)], arcs[:cut]), (states[len(state) :], arcs[cut:])


def _steps(state: NDArray[np.void], arc: NDArray[np.void], source: Indices, first: int) -> Indices:
    """Behind how many steps each arc is to stand; the silent ones and those that stay in their state behind none."""
    many = (state["arcs"] >= _FEWEST_WAYS)[source]
    movable = many & np.isfinite(arc["weight"]) & (arc["label"] != 0) & (arc["next"] != source + first)
    step = np.where(movable, np.digitize(arc["weight"], _DEAR), 0)
    for number in range(len(_DEAR), 0, -1):  # what is too few for a step stands behind the one before
        here = step == number
        count = np.bincount(source[here], minlength=len(state))
        step[here & (count[source] < _FEWEST_SPARED)] = number - 1
    return step


def _reach(arc: NDArray[np.void], source: Indices, step: Indices, states: int) -> Floats:
    """What it costs from each state to go so many steps, (states, steps + 1): 0 for none, infinite where none is."""
    lowest = np.full((states, len(_DEAR) + 1), np.inf)
    np.minimum.at(lowest, (source, step), arc["weight"])
    reach: Floats = np.floor((lowest - _EARLIER) / _GRAIN) * _GRAIN
    reach[:, 0] = 0.0
    return reach


def _silent(reach: Floats, parents: Indices, steps: Indices, number: int) -> tuple[NDArray[np.void], Indices]:
    """The arc to each new state, and where it begins: at its parent, or at the new state of a step before."""
    after = np.diff(parents, prepend=-1) == 0
    costs = reach[parents, steps + 1]
    silent = np.zeros(len(parents), ARC)
    silent["weight"] = costs - np.where(after, np.roll(costs, 1), 0.0)
    silent["next"] = number + np.arange(len(parents))
    return silent, np.where(after, len(reach) + np.arange(len(parents)) - 1, parents)


def _states(weight: NDArray[np.float32], owner: Indices, arc: NDArray[np.void]) -> NDArray[np.void]:
    """States that end at `weight` (n,), and count the arcs that each owns."""
    state = np.zeros(len(weight), STATE)
    state["weight"] = weight
    for name, of in (("arcs", slice(None)), ("silent_in", arc["label"] == 0), ("silent_out", arc["word"] == 0)):
        state[name] = np.bincount(owner[of], minlength=len(weight))
    return state
