"""A grammar for a recognizer that takes a list of phrases and answers with text.

vosk makes a model of pairs of words out of its list, so what counts is which words may follow which: a list with every
pair of the grammar says as much to it as one with every sentence, and there may be millions of those.
"""

from collections import deque
from collections.abc import Iterable

from edge_asr.asr.grammar import Command, Grammar, understood

Arc = tuple[int, int, int]
Way = tuple[int, ...]  # tokens


class Phrases:
    """The sentences of a grammar as texts, and texts as sentences."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._out: dict[int, list[Arc]] = {}
        for arc in grammar.arcs:
            self._out.setdefault(arc[0], []).append(arc)

    def covering(self) -> list[str]:
        """Sentences in which every pair of words occurs that occurs in any; the shortest through each two arcs."""
        before, after = self._shortest_before(), self._shortest_after()
        found: dict[tuple[str, str], str] = {}
        for state in before:
            for first in self._spoken_from(state):
                for second in ((first[2], 0, first[2]), *self._spoken_from(first[2])):
                    if second[2] not in after:
                        continue
                    tokens = (*before[state], first[1], *([second[1]] if second[1] else []), *after[second[2]])
                    words = [self._grammar.tokens[token].word for token in tokens]
                    for pair in zip(["", *words], [*words, ""], strict=True):
                        found.setdefault(pair, " ".join(words))
        return sorted(set(found.values()))

    def meaning(self, text: str) -> Command | None:
        """What a text says, None when it is no sentence. Of two meanings the first one's, as the grammar has them."""
        front: dict[int, Way] = self._closed({0: ()})
        for word in text.split():
            following: dict[int, Way] = {}
            for state, way in front.items():
                for _, token, target in self._out.get(state, ()):
                    if token and self._grammar.tokens[token].word == word:
                        following.setdefault(target, (*way, token))
            front = self._closed(following)
        for state, way in front.items():
            if way and state in self._grammar.finals:
                return understood([self._grammar.tokens[token] for token in way], [1.0] * len(way), 0.0)
        return None

    def _closed(self, front: dict[int, Way]) -> dict[int, Way]:
        waiting = deque(front)
        while waiting:
            state = waiting.popleft()
            for _, token, target in self._out.get(state, ()):
                if not token and target not in front:
                    front[target] = front[state]
                    waiting.append(target)
        return front

    def _spoken_from(self, state: int) -> list[Arc]:
        """Arcs with a word that begin there, or behind arcs without one."""
        return [arc for reached in self._closed({state: ()}) for arc in self._out.get(reached, ()) if arc[1]]

    def _shortest_before(self) -> dict[int, Way]:
        return _shortest([0], self._out)

    def _shortest_after(self) -> dict[int, Way]:
        into: dict[int, list[Arc]] = {}
        for source, token, target in self._grammar.arcs:
            into.setdefault(target, []).append((target, token, source))
        return {state: way[::-1] for state, way in _shortest(self._grammar.finals, into).items()}


def _shortest(begin: Iterable[int], out: dict[int, list[Arc]]) -> dict[int, Way]:
    """By words, from any of the states; an arc without a word is no step."""
    found: dict[int, Way] = dict.fromkeys(sorted(begin), ())
    waiting = deque(found)
    while waiting:
        state = waiting.popleft()
        for _, token, target in out.get(state, ()):
            way = (*found[state], token) if token else found[state]
            if target not in found or len(way) < len(found[target]):
                found[target] = way
                waiting.append(target) if token else waiting.appendleft(target)
    return found
