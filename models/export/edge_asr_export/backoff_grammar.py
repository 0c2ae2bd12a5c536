"""A grammar of n-grams that backs off, as arrays: what follows, how likely, and what is left for backing off."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.fst_format import ARC
from edge_asr.errors import ModelError
from edge_asr_export.graph_arrays import GraphArrays, write_graph
from edge_asr_export.word_counts import Floats, Indices

_MOST_KNOWN = 0.99  # of what may follow: something is left for the rest
_LEAST_LEFT = 1e-3  # of what a lower state knows and a higher one does not


@dataclass(frozen=True, slots=True)
class BackoffGrammar:
    """A grammar's states (n,) and their words (m,), in the order of states, then of words.

    lower: where a state backs off to, itself for the one that does not; back: how likely; last: the word that leads to
    a state, 0 where there is none; end: how likely nothing follows. share: how likely a word follows; next: state
    behind it.
    """

    lower: Indices
    back: Floats
    last: Indices
    end: Floats
    owner: Indices
    word: Indices
    share: Floats
    next: Indices

    @classmethod
    def of(cls, file: GraphArrays) -> Self:
        """Raises ModelError where it is no grammar that backs off."""
        arc, states = np.asarray(file.arc), len(file.state)
        owner = np.repeat(np.arange(states), file.state["arcs"])
        silent = arc["label"] == 0
        lower, back, last = np.arange(states), np.ones(states), np.zeros(states, np.int64)
        lower[owner[silent]] = arc["next"][silent]
        back[owner[silent]] = np.exp(-arc["weight"][silent].astype(np.float64))
        lowest = np.flatnonzero(lower == np.arange(states))
        if len(lowest) != 1 or (np.bincount(owner[silent], minlength=states) > 1).any():
            raise ModelError(f"a grammar of {states} states, {len(lowest)} of which do not back off; expected one")
        owner, arc = owner[~silent], arc[~silent]
        last[arc["next"]] = arc["label"]
        last[lowest] = 0
        order = np.lexsort((arc["label"], owner))
        arc, share = arc[order], np.exp(-arc["weight"][order].astype(np.float64))
        end = np.exp(-file.state["weight"].astype(np.float64))
        return cls(
            lower, back, last, end, owner[order], arc["label"].astype(np.int64), share, arc["next"].astype(np.int64)
        )

    @property
    def lowest(self) -> int:
        """The state without history."""
        return int(np.flatnonzero(self.lower == np.arange(len(self.lower)))[0])

    def levels(self) -> list[Indices]:
        """The states that back off, those nearest to the lowest one first."""
        below, levels = np.arange(len(self.lower)) == self.lowest, []
        while not below.all():
            level = np.flatnonzero(~below & below[self.lower])
            if not len(level):
                raise ModelError("a grammar that backs off in a circle")
            below[level] = True
            levels.append(level)
        return levels

    def with_words(self, owner: Indices, word: Indices, share: Floats, following: Indices) -> Self:
        """With some more."""
        owner, word = np.concatenate([self.owner, owner]), np.concatenate([self.word, word])
        share, following = np.concatenate([self.share, share]), np.concatenate([self.next, following])
        order = np.lexsort((word, owner))
        return replace(self, owner=owner[order], word=word[order], share=share[order], next=following[order])

    def write(self, like: GraphArrays, path: Path) -> None:
        """Write it as a const FST with the states and ends of another."""
        silent = np.flatnonzero(self.lower != np.arange(len(self.lower)))
        arc = np.zeros(len(self.share) + len(silent), ARC)
        for name in ("label", "word"):
            arc[name] = np.concatenate([self.word, np.zeros(len(silent), np.int64)])
        arc["weight"] = -np.log(np.concatenate([self.share, self.back[silent]]))
        arc["next"] = np.concatenate([self.next, self.lower[silent]])
        owner = np.concatenate([self.owner, silent])
        state = like.state.copy()
        state["arcs"] = np.bincount(owner, minlength=len(state))
        state["silent_in"] = state["silent_out"] = np.bincount(silent, minlength=len(state))
        write_graph(path, like.header, like.header.start, state, [arc[np.lexsort((arc["label"], owner))]])

    def likely(self, state: Indices, word: Indices) -> Floats:
        """How likely each word follows a state, by backing off as often as needed; 0 for what no state has."""
        size = int(max(self.word.max(initial=0), word.max(initial=0))) + 1
        keys = self.owner * size + self.word
        factor, found = np.ones(len(word)), np.zeros(len(word), np.bool_)
        while not found.all():
            wanted = state * size + word
            at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            here = (keys[at] == wanted) & ~found
            factor[here] *= self.share[at[here]]
            found |= here
            lost = ~found & (self.lower[state] == state)
            factor[lost], found = 0.0, found | lost
            factor[~found] *= self.back[state[~found]]
            state = np.where(found, state, self.lower[state])
        return factor

    def mass(self, words: NDArray[np.bool_]) -> Floats:
        """How likely one of `words`, true (words,) by their numbers, or nothing follows each state, (n,)."""
        states, here = len(self.lower), words[self.word]
        owner, word = self.owner[here], self.word[here]
        own = np.bincount(owner, self.share[here], states).astype(np.float64)
        below = np.bincount(owner, self.likely(self.lower[owner], word), states)
        mass, ends = own.copy(), self.end.copy()
        for level in self.levels():
            lower, back = self.lower[level], self.back[level]
            mass[level] += back * (mass[lower] - below[level])
            ends[level] = np.where(ends[level] > 0, ends[level], back * ends[lower])
        return mass + ends

    def summing_up(self) -> Self:
        """The same with `back` such that what may follow each state sums up to one; cut where it is too much."""
        made, states, end = replace(self, share=self.share.copy(), back=self.back.copy()), len(self.lower), self.end
        for level in self.levels():
            here = np.isin(self.owner, level)
            owner, word = self.owner[here], self.word[here]
            total = np.bincount(owner, made.share[here], states)
            room = _MOST_KNOWN * np.maximum(1 - end, _LEAST_LEFT)
            cut = np.minimum(1.0, np.divide(room, total, np.ones(states), where=total > 0))
            made.share[here] *= cut[owner]
            total *= cut
            below = np.bincount(owner, made.likely(self.lower[owner], word), states)
            below += np.where(end > 0, end[self.lower], 0.0)
            left = np.maximum(1 - end - total, _LEAST_LEFT**2)
            made.back[level] = (left / np.maximum(1 - below, _LEAST_LEFT))[level]
        return made
