"""The same words with two meanings: found by walking two sentences at once, never by writing them all out."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from edge_asr.asr.grammar import Command, Grammar, Token, Value, understood

_MOST_PAIRS = 300_000  # of places that two sentences may be in at once
_MOST_TOLD = 10

Fact = tuple[str, str, Value]


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """One example of it."""

    text: str
    first: Command
    second: Command


class _Pair(NamedTuple):
    """Where two sentences of the same words are, and what only the one or the other has said so far."""

    one: int
    other: int
    only_one: frozenset[Fact]
    only_other: frozenset[Fact]


_Step = tuple[_Pair, int, int]


def ambiguities(grammar: Grammar) -> tuple[list[Ambiguity], bool]:
    """One example for each two intents, or two slots of one; and whether all places were looked at."""
    walk = _Walk(grammar)
    begin = _Pair(0, 0, frozenset(), frozenset())
    before: dict[_Pair, _Step | None] = {begin: None}
    waiting = deque([begin])
    found: dict[object, Ambiguity] = {}
    while waiting and len(found) < _MOST_TOLD:
        pair = waiting.popleft()
        if (pair.only_one or pair.only_other) and walk.ends(pair.one) and walk.ends(pair.other):
            told = walk.told(before, pair)
            if _meaning(told.first) != _meaning(told.second):
                found.setdefault(_kind(told), told)
        for following, one, other in walk.steps(pair):
            if following not in before:
                if len(before) >= _MOST_PAIRS:
                    return list(found.values()), False
                before[following] = (pair, one, other)
                waiting.append(following)
    return list(found.values()), not waiting


class _Walk:
    def __init__(self, grammar: Grammar) -> None:
        self._tokens, self._finals = grammar.tokens, grammar.finals
        self._facts = [_facts(token) for token in grammar.tokens]
        self._arcs: dict[int, list[tuple[int, int]]] = {}
        for source, token, target in grammar.arcs:
            self._arcs.setdefault(source, []).append((token, target))
        self._closures: dict[int, frozenset[int]] = {}
        self._out: dict[int, dict[str, list[tuple[int, int]]]] = {}

    def ends(self, state: int) -> bool:
        return not self._finals.isdisjoint(self._closure(state))

    def steps(self, pair: _Pair) -> list[tuple[_Pair, int, int]]:
        same = pair.one == pair.other and pair.only_one == pair.only_other
        ones, others = self._words(pair.one), self._words(pair.other)
        found = []
        for word, ways in ones.items():
            for at, (one, to_one) in enumerate(ways):
                for other, to_other in others.get(word, ())[at if same else 0 :]:
                    said_one = pair.only_one | self._facts[one]
                    said_other = pair.only_other | self._facts[other]
                    found.append((_Pair(to_one, to_other, said_one - said_other, said_other - said_one), one, other))
        return found

    def told(self, before: dict[_Pair, _Step | None], pair: _Pair) -> Ambiguity:
        ones: list[Token] = []
        others: list[Token] = []
        step = before[pair]
        while step is not None:
            pair, one, other = step
            ones.append(self._tokens[one])
            others.append(self._tokens[other])
            step = before[pair]
        sure = [1.0] * len(ones)
        first, second = (understood(tokens[::-1], sure, 0.0) for tokens in (ones, others))
        return Ambiguity(" ".join(token.word for token in reversed(ones)), first, second)

    def _words(self, state: int) -> dict[str, list[tuple[int, int]]]:
        out = self._out.get(state)
        if out is None:
            out = self._out[state] = {}
            arcs = {arc for inside in self._closure(state) for arc in self._arcs.get(inside, ()) if arc[0]}
            for token, target in sorted(arcs):
                out.setdefault(self._tokens[token].word, []).append((token, target))
        return out

    def _closure(self, state: int) -> frozenset[int]:
        """What can be reached without a word."""
        closure = self._closures.get(state)
        if closure is None:
            reached, waiting = {state}, [state]
            while waiting:
                for token, target in self._arcs.get(waiting.pop(), ()):
                    if not token and target not in reached:
                        reached.add(target)
                        waiting.append(target)
            closure = self._closures[state] = frozenset(reached)
        return closure


def _facts(token: Token) -> frozenset[Fact]:
    facts: set[Fact] = {("slot", name, value) for name, value in token.fixed}
    if token.intent is not None:
        facts.add(("intent", token.intent, ""))
    if token.slot is not None and token.begins:
        facts.add(("slot", token.slot, token.value))
    return frozenset(facts)


def _meaning(command: Command) -> tuple[str, dict[str, Value]]:
    return command.intent, {name: slot.value for name, slot in command.slots.items()}


def _kind(told: Ambiguity) -> object:
    """What ambiguities of one kind have in common: the intents, and of one intent the slots that differ."""
    (one, slots), (other, others) = _meaning(told.first), _meaning(told.second)
    if one != other:
        return frozenset({one, other})
    return one, frozenset(name for name in {*slots, *others} if slots.get(name) != others.get(name))
