"""What may be said next at each place of a grammar, as a tree of phones.

Words that begin alike are one until they differ. All places at once: a hundred thousand sentences have half a million
of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_asr.asr.kaldi.fst_arrays import FstArrays
from edge_asr.asr.kaldi.lexicon import Phones
from edge_asr.asr.prefix_tree import Ints, Rows, Wide, prefix_tree


@dataclass(frozen=True, slots=True)
class PhoneTrees:
    """The trees of all places, node by node, and where each word leads.

    phone (nodes,); parent (nodes,), -1 for a first phone; place (nodes,), where the word begins; word (nodes,), the
    token that is told on the way into it, 0 for none. At the leaf (words,) the token `rest` is told, unless it was
    before, and the place `target` is reached.
    """

    phone: Ints
    parent: Ints
    place: Ints
    word: Ints
    leaf: Ints
    rest: Ints
    target: Ints


def phone_trees(acceptor: FstArrays, ways: Sequence[Sequence[Phones]]) -> PhoneTrees:
    """Trees of a grammar's acceptor, whose tokens sound in these ways, by their numbers."""
    sounds = _Sounds(ways)
    arc, way = sounds.said(acceptor.label)
    order = np.lexsort((sounds.rank[way], acceptor.source[arc]))
    arc, way = arc[order], way[order]
    place, token, length = acceptor.source[arc], acceptor.label[arc], sounds.rows.length[way]
    tree = prefix_tree(sounds.rows.taken(way), place)
    # Of phones that another word has too none can tell which it is.
    common = np.maximum(tree.shared, np.append(tree.shared, 0)[1:])
    early = common < length
    told = np.flatnonzero(early[tree.row] & (tree.depth == common[tree.row]))
    word = np.zeros(len(tree.row), np.int32)
    word[told] = token[tree.row[told]]
    rest = np.where(early, 0, token).astype(np.int32)
    return PhoneTrees(tree.number, tree.parent, place[tree.row], word, tree.last, rest, acceptor.target[arc])


class _Sounds:
    """All ways to say all tokens. `rank` is their alphabetical order."""

    def __init__(self, ways: Sequence[Sequence[Phones]]) -> None:
        number: dict[Phones, int] = {}
        for of_token in ways:
            for way in of_token:
                number.setdefault(way, len(number))
        phones = np.array([phone for way in number for phone in way], np.int32)
        self.rows = Rows.of(phones, np.array([len(way) for way in number], np.int64))
        self.rank = np.empty(len(number), np.int32)
        self.rank[[number[way] for way in sorted(number)]] = np.arange(len(number))
        self._count = np.array([len(of_token) for of_token in ways], np.int64)
        self._first = np.cumsum(self._count) - self._count
        self._ways = np.array([number[way] for of_token in ways for way in of_token], np.int32)

    def said(self, tokens: Ints) -> tuple[Wide, Ints]:
        """Each of these tokens in all its ways: its place among them, and the way."""
        counts = self._count[tokens]
        at = np.repeat(np.arange(len(tokens)), counts)
        nth = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
        return at, self._ways[self._first[tokens[at]] + nth]
