"""The graph of a grammar put together word by word and arc by arc, slow and plain: what the program's must equal."""

from typing import Any

from edge_asr.asr.grammar import Grammar
from edge_asr.asr.kaldi.grammar_graph import pronunciations
from edge_asr.asr.kaldi.lexicon import Lexicon, Phones
from edge_asr.asr.kaldi.phone_graph import PhoneGraph


def plain_graph(grammar: Grammar, lexicon: Lexicon) -> Any:
    """Of the grammar's own arcs, nothing shared that is not one in them."""
    weaver = _Weaver(grammar, lexicon)
    weaver.weave()
    return weaver.graph.compiled()


class _Weaver:
    """A place is a state of the grammar behind the phone that was said last."""

    def __init__(self, grammar: Grammar, lexicon: Lexicon) -> None:
        self.graph = PhoneGraph(lexicon)
        self._grammar, self._lexicon = grammar, lexicon
        self._places: dict[tuple[int, int], int] = {}
        self._waiting: list[tuple[int, int]] = []

    def weave(self) -> None:
        graph, silence = self.graph, self._lexicon.silence
        graph.skip(graph.start, self._place(0, 0))
        while self._waiting:
            state, before = self._waiting.pop()
            place = self._places[state, before]
            if state in self._grammar.finals:
                graph.end(place)
            if before != silence:
                quiet = graph.sound(place, before, silence, (state, before), 0)
                if quiet is not None:
                    graph.skip(quiet, self._place(state, silence))
            for number, (source, token, target) in enumerate(self._grammar.arcs):
                if source == state and not token:
                    graph.skip(place, self._place(target, before))
                elif source == state:
                    word = self._grammar.tokens[token].word
                    for way, phones in enumerate(pronunciations(word, self._grammar, self._lexicon)):
                        self._word(place, before, (number, way), token, target, phones)

    def _place(self, state: int, before: int) -> int:
        if (state, before) not in self._places:
            self._places[state, before] = self.graph.state()
            self._waiting.append((state, before))
        return self._places[state, before]

    def _word(self, here: int, before: int, key: tuple[int, int], token: int, target: int, phones: Phones) -> None:
        for at, phone in enumerate(phones):
            sounding = self.graph.sound(here, before, phone, (*key, at), 0 if at else token)
            if sounding is None:
                return
            here, before = sounding, phone
        self.graph.skip(here, self._place(target, before))
