"""Sentences without alternatives as one tree: those that begin alike share their words until they differ.

What a sentence means is told by the first of its words behind which no other meaning is possible. A sentence that is
its own intent tells nothing, so that those which end alike share their words too.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.grammar import Token
from edge_asr.asr.prefix_tree import PrefixTree, Rows, prefix_tree
from edge_asr.sentences.acceptor import END, START, Acceptor
from edge_asr.sentences.word_ways import Meaning

_MANY = -1

Ints = NDArray[np.integer]


class SentenceTree:
    """Grows by sentences, then is added to an acceptor."""

    def __init__(self) -> None:
        self._meanings: dict[Meaning | None, int] = {}
        self._words: dict[str, int] = {}
        self._sentences: list[tuple[list[int], int]] = []

    def add(self, words: list[str], meaning: Meaning | None) -> None:
        """A sentence of at least one word; without a meaning its words are its intent."""
        numbers = self._words
        said = [numbers.setdefault(word, len(numbers)) for word in words]
        self._sentences.append((said, self._meanings.setdefault(meaning, len(self._meanings))))

    def add_to(self, acceptor: Acceptor) -> None:
        """All sentences, from its start to its end."""
        if not self._sentences:
            return
        self._sentences.sort()
        lengths = np.array([len(said) for said, _ in self._sentences], np.int64)
        numbers = np.fromiter(itertools.chain.from_iterable(said for said, _ in self._sentences), np.int32)
        meaning = np.array([number for _, number in self._sentences], np.int64)
        self._sentences = []
        tree = prefix_tree(Rows.of(numbers, lengths), np.zeros(len(lengths), np.int32))
        self._add(acceptor, tree, meaning)

    def _add(self, acceptor: Acceptor, tree: PrefixTree, meaning: Ints) -> None:
        only = _only_meaning(tree, meaning)
        inner = np.zeros(len(tree.row), np.bool_)
        inner[tree.parent[tree.parent >= 0]] = True
        state = np.full(len(tree.row) + 1, START, np.int64)  # the last is that of parent -1
        state[:-1][inner] = acceptor.new_states(int(inner.sum()))
        told = only[tree.parent] != _MANY
        told[tree.parent < 0] = False
        says = np.where(told, _MANY, only)  # the meaning that a node's word tells
        ends, meant = np.unique(np.stack([tree.last.astype(np.int64), meaning]), axis=1)
        meant = np.where(only[ends] == _MANY, meant, says[ends])
        nodes = np.concatenate([np.flatnonzero(inner), ends])
        tells = np.concatenate([says[inner], meant])
        target = np.concatenate([state[:-1][inner], np.full(len(ends), END)])
        keys, key = np.unique(tree.number[nodes] * (len(self._meanings) + 1) + tells + 1, return_inverse=True)
        words, meanings = list(self._words), [(None, ()), *(one or (None, ()) for one in self._meanings)]
        tokens = [
            acceptor.token(Token(words[word], *meanings[told]))
            for word, told in zip(*(of.tolist() for of in np.divmod(keys, len(self._meanings) + 1)), strict=True)
        ]
        arcs = zip(state[tree.parent[nodes]].tolist(), np.array(tokens)[key].tolist(), target.tolist(), strict=True)
        acceptor.arcs += dict.fromkeys(arcs)


def _only_meaning(tree: PrefixTree, meaning: Ints) -> Ints:
    """For each node the meaning of all sentences through it, or that there are many."""
    rows = len(meaning)
    changes = np.append(np.flatnonzero(meaning[1:] != meaning[:-1]) + 1, rows)
    same_until = changes[np.searchsorted(changes, np.arange(rows), "right")]
    until = tree.row + 1  # of the sentences through a node the last: deeper than any two share there is one
    for depth in range(int(tree.shared.max(initial=0))):
        leaves = np.where(tree.shared <= depth, np.arange(rows), rows)
        behind = np.append(np.minimum.accumulate(leaves[::-1])[::-1], rows)
        here = np.flatnonzero(tree.depth == depth)
        until[here] = behind[tree.row[here] + 1]
    return np.where(same_until[tree.row] >= until, meaning[tree.row], _MANY)
