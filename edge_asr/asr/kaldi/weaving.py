"""From trees of phones to the graph: every phone is entered by a transition and held by its self-loop, in its context.

A junction is a place of the grammar behind the phone that was said last: which transitions lead into the next phone
depends on both. Input labels are those of `labels.py`, as in the graph of open speech; 0 consumes nothing.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.fst_arrays import Arcs, FstArrays, in_order
from edge_asr.asr.kaldi.lexicon import Lexicon
from edge_asr.asr.kaldi.phone_trees import PhoneTrees

Numbers = NDArray[Any]


def woven(trees: PhoneTrees, acceptor: FstArrays, lexicon: Lexicon) -> FstArrays:
    """The graph; raises ModelError for a word that has a sound where no other has it."""
    return _Weaver(trees, acceptor, lexicon).graph()


class _Weaver:
    def __init__(self, trees: PhoneTrees, acceptor: FstArrays, lexicon: Lexicon) -> None:
        self._trees, self._acceptor, self._lexicon = trees, acceptor, lexicon
        self._kinds = len(lexicon.position_of_phone)
        self._ways, self._enter, self._stay = lexicon.transitions
        self._states = 0
        self._columns: tuple[list[NDArray[np.int32]], ...] = ([], [], [], [])

    def graph(self) -> FstArrays:
        trees, silence = self._trees, self._lexicon.silence
        reached = np.unique(np.append(trees.target, self._acceptor.start))
        keys = [trees.target.astype(np.int64) * self._kinds + trees.phone[trees.leaf], self._key(reached, silence)]
        junctions = np.unique(np.concatenate([*keys, self._key(np.array([self._acceptor.start]), 0)]))
        place, before = np.divmod(junctions, self._kinds)
        at_junction = self._made(len(junctions))
        inner = self._inner()
        copies, copy_of = self._first_phones(place, before, at_junction)
        children = np.flatnonzero((trees.parent >= 0) & (inner[trees.parent] < 0))
        child, copy = _matches(trees.parent[children], copies, copy_of)
        self._enter_from(copy, children[child], inner)
        leaves = np.flatnonzero(inner[trees.leaf] >= 0)
        ends = [(inner[trees.leaf[leaves]], leaves)]
        leaf, copy = _matches(trees.leaf, copies, copy_of)
        ends.append((copy, leaf))
        for state, word in ends:
            to = at_junction[np.searchsorted(junctions, keys[0][word])]
            self._arcs(state, 0, trees.rest[word], to)
        self._silences(place, before, at_junction, at_junction[np.searchsorted(junctions, self._key(place, silence))])
        final = np.zeros(self._states, np.bool_)
        final[at_junction[self._acceptor.ends[place]]] = True
        start = at_junction[np.searchsorted(junctions, self._key(np.array([self._acceptor.start]), 0))]
        return _without_detours(int(start[0]), self._all_arcs(), final)

    def _arcs(self, source: Numbers, label: Numbers | int, word: Numbers | int, target: Numbers) -> None:
        """Each of source, label, word and target of an arc; a number is that of all."""
        for column, numbers in zip(self._columns, (source, label, word, target), strict=True):
            column.append(np.broadcast_to(np.asarray(numbers, np.int32), source.shape))

    def _all_arcs(self) -> Arcs:
        source, label, word, target = (np.concatenate(column) for column in self._columns)
        self._columns = ()
        return source, label, word, target

    def _key(self, places: Numbers, phone: int) -> Numbers:
        return places.astype(np.int64) * self._kinds + phone

    def _made(self, count: int) -> Numbers:
        """So many new states."""
        self._states += count
        return np.arange(self._states - count, self._states, dtype=np.int32)

    def _way(self, before: Numbers, phone: Numbers) -> Numbers:
        """Number of the transitions into each phone behind the one before it."""
        way = self._ways[before, phone]
        lacking = np.flatnonzero(way < 0)
        if len(lacking):
            one = lacking[0]
            self._lexicon.transition(int(before[one]), int(np.broadcast_to(phone, before.shape)[one]))
        return way

    def _held(self, states: Numbers, way: Numbers) -> None:
        self._arcs(states, self._stay[way], 0, states)

    def _inner(self) -> Numbers:
        """States of all nodes but the first phones, and the ways between them; -1 for those."""
        trees = self._trees
        state = np.full(len(trees.phone), -1, np.int32)
        nodes = np.flatnonzero(trees.parent >= 0)
        state[nodes] = self._made(len(nodes))
        way = self._way(trees.phone[trees.parent[nodes]], trees.phone[nodes])
        self._held(state[nodes], way)
        deep = state[trees.parent[nodes]] >= 0
        nodes, way = nodes[deep], way[deep]
        self._arcs(state[trees.parent[nodes]], self._enter[way], trees.word[nodes], state[nodes])
        return state

    def _first_phones(self, place: Numbers, before: Numbers, at_junction: Numbers) -> tuple[Numbers, Numbers]:
        """First phones, once for each two transitions that they have: node and state of each, by nodes."""
        trees = self._trees
        roots = np.flatnonzero(trees.parent < 0)
        root, junction = _matches(trees.place[roots], place, np.arange(len(place)))
        nodes = roots[root]
        way = self._way(before[junction], trees.phone[nodes])
        key, copy = np.unique(nodes * len(self._enter) + way, return_inverse=True)
        copies, way_of_copy = np.divmod(key, len(self._enter))
        state = self._made(len(key))
        self._held(state, way_of_copy)
        self._arcs(at_junction[junction], self._enter[way], trees.word[nodes], state[copy])
        return copies, state

    def _enter_from(self, source: Numbers, nodes: Numbers, state: Numbers) -> None:
        trees = self._trees
        way = self._way(trees.phone[trees.parent[nodes]], trees.phone[nodes])
        self._arcs(source, self._enter[way], trees.word[nodes], state[nodes])

    def _silences(self, place: Numbers, before: Numbers, at_junction: Numbers, behind: Numbers) -> None:
        """From each junction through silence, once, to the one of the same place behind it."""
        silence = self._lexicon.silence
        loud = np.flatnonzero(before != silence)
        way = self._way(before[loud], np.array([silence]))
        key, copy = np.unique(place[loud] * len(self._enter) + way, return_inverse=True)
        state = self._made(len(key))
        self._held(state, key % len(self._enter))
        self._arcs(at_junction[loud], self._enter[way], 0, state[copy])
        onward = np.empty(len(key), np.int32)
        onward[copy] = behind[loud]
        self._arcs(state, 0, 0, onward)


def _matches(wanted: Numbers, keys: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
    """All values whose key is wanted: the place in `wanted`, and the value. `keys` go upward."""
    begin = np.searchsorted(keys, wanted, "left")
    count = np.searchsorted(keys, wanted, "right") - begin
    at = np.repeat(np.arange(len(wanted)), count)
    return at, values[np.arange(len(at)) - np.repeat(np.cumsum(count) - count - begin, count)]


def _without_detours(start: int, arcs: Arcs, ends: NDArray[np.bool_]) -> FstArrays:
    """The same, less ways that say nothing between two states of which neither has another."""
    source, label, word, target = arcs
    on = source != target
    outs = np.bincount(source[on], minlength=len(ends))
    ins = np.bincount(target[on], minlength=len(ends))
    kept = (label != 0) | (word != 0) | (outs[source] != 1) | (ins[target] != 1)
    number = np.arange(len(ends), dtype=np.int32)
    number[target[~kept]] = source[~kept]
    stay = number == np.arange(len(ends))
    number = (np.cumsum(stay, dtype=np.int32) - np.int32(1))[number]
    merged = np.zeros(int(stay.sum()), np.bool_)
    merged[number[ends]] = True
    kept_arcs = (number[source[kept]], label[kept], word[kept], number[target[kept]])
    return in_order(int(number[start]), kept_arcs, merged)
