"""A grammar as a decoding graph, composed on the device in a fraction of a second.

What HCLG composition does in general is done here for what a closed list needs: words become their phones, each phone
takes the transitions that it has behind the phone before it, also across words, and silence may be anywhere between
two words. Words that begin alike share nothing but what the grammar shares: its acceptor is determinized before.
"""

from collections.abc import Iterable
from typing import Any

import kaldifst
import numpy as np

from edge_asr.asr.grammar import Grammar
from edge_asr.asr.kaldi.lexicon import Lexicon, Phones
from edge_asr.asr.kaldi.phone_graph import PhoneGraph
from edge_asr.errors import ModelError

Arcs = dict[int, list[tuple[int, int]]]


def unknown_words(grammar: Grammar, lexicon: Lexicon) -> list[str]:
    """Words of a grammar that nobody has told how they sound."""
    return sorted(word for word in {*_words(grammar)} if word not in grammar.sounds and word not in lexicon)


def grammar_graph(grammar: Grammar, lexicon: Lexicon) -> PhoneGraph:
    """Graph whose output labels are the grammar's tokens, each at its word's first phone.

    Raises ModelError for a grammar with an unknown word, or that nothing can be said in, and for a made-up word that
    has a sound where no other has it.
    """
    unknown = unknown_words(grammar, lexicon)
    if unknown:
        raise ModelError(f"nobody knows how these words sound: {', '.join(unknown)}")
    start, arcs, finals = _smallest(grammar)
    if not arcs:
        raise ModelError("the list of sentences is empty: nothing could ever be heard")
    words = ["", *_words(grammar)]
    ways = {word: pronunciations(word, grammar, lexicon) for word in {*words}}  # one word is many tokens
    return _Weaver(arcs, finals, [ways[word] for word in words], PhoneGraph(lexicon)).woven(start)


def pronunciations(word: str, grammar: Grammar, lexicon: Lexicon) -> list[Phones]:
    """How a word of a grammar sounds: as its author says, else as the lexicon has it."""
    told = grammar.sounds.get(word)
    if told is None:
        return lexicon.pronunciations(word)
    ways: list[Phones] = []
    for like in told:
        parts: list[list[Phones]] = [[]]
        for part in like:
            parts = [[*before, phones] for before in parts for phones in lexicon.pronunciations(part)]
        ways += [lexicon.joined(way) for way in parts if way]
    return ways


def _words(grammar: Grammar) -> list[str]:
    return [token.word for token in grammar.tokens[1:]]


def _smallest(grammar: Grammar) -> tuple[int, Arcs, set[int]]:
    """The same acceptor, determinized and minimized: its start, its arcs (token, to), its ends."""
    fst: Any = kaldifst.StdVectorFst()
    states = max((max(source, target) for source, _, target in grammar.arcs), default=0) + 1
    for _ in range(states):
        fst.add_state()
    fst.start = 0
    for source, token, target in grammar.arcs:
        fst.add_arc(source, kaldifst.StdArc(token, token, 0.0, target))
    for state in grammar.finals:
        fst.set_final(state, 0.0)
    kaldifst.rmepsilon(fst)
    small = kaldifst.determinize(fst)
    kaldifst.minimize(small)
    arcs = {
        state: [(int(arc.ilabel), int(arc.nextstate)) for arc in kaldifst.ArcIterator(small, state)]
        for state in kaldifst.StateIterator(small)
    }
    finals = {state for state in arcs if np.isfinite(small.final(state).value)}
    return int(small.start), {state: out for state, out in arcs.items() if out}, finals


class _Weaver:
    """A place is a state of the acceptor behind the phone that was said last."""

    def __init__(self, arcs: Arcs, finals: Iterable[int], sounds: list[list[Phones]], graph: PhoneGraph) -> None:
        self._arcs, self._finals, self._sounds, self._graph = arcs, set(finals), sounds, graph
        self._places: dict[tuple[int, int], int] = {}
        self._waiting: list[tuple[int, int]] = []

    def woven(self, start: int) -> PhoneGraph:
        graph, silence = self._graph, self._graph.lexicon.silence
        graph.skip(graph.start, self._place(start, 0))
        while self._waiting:
            state, before = self._waiting.pop()
            place = self._places[state, before]
            if state in self._finals:
                graph.end(place)
            if before != silence:
                quiet = graph.sound(place, before, silence, (state,), 0)
                if quiet is not None:
                    graph.skip(quiet, self._place(state, silence))
            for token, target in self._arcs.get(state, ()):
                for number, phones in enumerate(self._sounds[token]):
                    self._word(place, before, (state, token, target, number), phones)
        return graph

    def _place(self, state: int, before: int) -> int:
        if (state, before) not in self._places:
            self._places[state, before] = self._graph.state()
            self._waiting.append((state, before))
        return self._places[state, before]

    def _word(self, place: int, before: int, key: tuple[int, int, int, int], phones: Phones) -> None:
        _, token, target, _ = key
        here = place
        for at, phone in enumerate(phones):
            output = 0 if at else token
            sounding = self._graph.sound(here, before, phone, (*key, at), output)
            if sounding is None:
                return
            here, before = sounding, phone
        self._graph.skip(here, self._place(target, before))
