"""A grammar as a decoding graph, composed on the device in a fraction of a second.

What HCLG composition does in general is done here for what a closed list needs: words become their phones, each phone
takes the transitions that it has behind the phone before it, also across words, and silence may be anywhere between
two words. All costs are nothing: of a closed list of sentences each is as likely as the others.
"""

from dataclasses import dataclass
from typing import Any

import kaldifst
import numpy as np

from edge_asr.asr.grammar import Grammar, spelled_phones
from edge_asr.asr.kaldi.fst_arrays import FstArrays, in_order
from edge_asr.asr.kaldi.lexicon import Lexicon, Phones
from edge_asr.asr.kaldi.minimal import minimal
from edge_asr.asr.kaldi.phone_trees import phone_trees
from edge_asr.asr.kaldi.weaving import woven
from edge_asr.errors import ModelError


@dataclass(frozen=True, slots=True)
class GrammarGraph:
    """As the search takes it, and its size."""

    fst: Any
    states: int
    arcs: int


def unknown_words(grammar: Grammar, lexicon: Lexicon) -> list[str]:
    """Words of a grammar that nobody has told how they sound."""
    return sorted(word for word in {*_words(grammar)} if word not in grammar.sounds and word not in lexicon)


def grammar_graph(grammar: Grammar, lexicon: Lexicon) -> GrammarGraph:
    """Graph whose output labels are the grammar's tokens, each on its word's way or at its end.

    Raises ModelError for a grammar with an unknown word, or that nothing can be said in, and for a made-up word that
    has a sound where no other has it.
    """
    words = _words(grammar)
    ways = {word: pronunciations(word, grammar, lexicon) for word in dict.fromkeys(words)}  # one word is many tokens
    if not all(ways.values()):
        raise ModelError(f"nobody knows how these words sound: {', '.join(unknown_words(grammar, lexicon))}")
    acceptor = smallest(grammar)
    if not len(acceptor.source):
        raise ModelError("the list of sentences is empty: nothing could ever be heard")
    trees = phone_trees(acceptor, [[], *(ways[word] for word in words)])
    graph = woven(trees, acceptor, lexicon)
    return GrammarGraph(graph.fst(), len(graph.ends), len(graph.source))


def pronunciations(word: str, grammar: Grammar, lexicon: Lexicon) -> list[Phones]:
    """How a word of a grammar sounds: as its author says, else as the lexicon has it."""
    told = grammar.sounds.get(word)
    if told is None:
        return lexicon.pronunciations(word)
    ways: list[Phones] = []
    for like in told:
        parts: list[list[Phones]] = [[]]
        for part in like:
            parts = [[*before, phones] for before in parts for phones in _ways(part, lexicon)]
        ways += [lexicon.joined(way) for way in parts if way]
    return ways


def _ways(part: str, lexicon: Lexicon) -> list[Phones]:
    phones = spelled_phones(part)
    return lexicon.pronunciations(part) if phones is None else [lexicon.spelled(phones)]


def smallest(grammar: Grammar) -> FstArrays:
    """A grammar's acceptor, determinized and minimized, so that sentences share what is alike."""
    arcs = np.array(grammar.arcs, np.int32).reshape(-1, 3)
    ends = np.zeros(int(arcs[:, [0, 2]].max(initial=0)) + 1, np.bool_)
    ends[[state for state in grammar.finals if state < len(ends)]] = True
    source, token, target = arcs.T
    fst: Any = kaldifst.StdVectorFst(in_order(0, (source, token, token, target), ends).fst())
    (kaldifst.connect if token.all() else kaldifst.rmepsilon)(fst)
    deterministic = kaldifst.determinize(fst)
    small = minimal(FstArrays.of(deterministic))
    if small is None:
        kaldifst.minimize(deterministic)
        small = FstArrays.of(deterministic)
    return small


def _words(grammar: Grammar) -> list[str]:
    return [token.word for token in grammar.tokens[1:]]
