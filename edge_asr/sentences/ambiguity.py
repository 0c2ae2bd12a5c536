"""The same words with two meanings: found by walking two sentences at once, never by writing them all out."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from edge_asr.asr.grammar import Command, Grammar, Token, Value, understood, woken
from edge_asr.sentences.word_steps import WordSteps

_MOST_PAIRS = 300_000  # of places that two sentences may be in at once
_MOST_TOLD = 10

Fact = tuple[str, str, Value]


class Meant(NamedTuple):
    """What somebody says: the phrase that wakes, a command, or the one before the other."""

    wakes: bool
    command: Command | None


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """One example of it."""

    text: str
    first: Meant
    second: Meant


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
        self._steps = WordSteps(grammar)
        self._facts = [_facts(token) for token in grammar.tokens]

    def ends(self, state: int) -> bool:
        return self._steps.ends(state)

    def steps(self, pair: _Pair) -> list[tuple[_Pair, int, int]]:
        same = pair.one == pair.other and pair.only_one == pair.only_other
        ones, others = self._steps.words(pair.one), self._steps.words(pair.other)
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
            ones.append(self._steps.tokens[one])
            others.append(self._steps.tokens[other])
            step = before[pair]
        first, second = (_meant(tokens[::-1]) for tokens in (ones, others))
        return Ambiguity(" ".join(token.word for token in reversed(ones)), first, second)


def _facts(token: Token) -> frozenset[Fact]:
    if token.wake:
        return frozenset({("wake", "", "")})
    facts: set[Fact] = {("slot", name, value) for name, value in token.fixed}
    if token.intent is not None:
        facts.add(("intent", token.intent, ""))
    if token.slot is not None and token.begins:
        facts.add(("slot", token.slot, token.value))
    return frozenset(facts)


def _meant(tokens: list[Token]) -> Meant:
    before = woken(tokens)
    behind = tokens[before:]
    return Meant(before > 0, understood(behind, [1.0] * len(behind), 0.0) if behind else None)


def _meaning(meant: Meant) -> tuple[bool, str | None, dict[str, Value]]:
    command = meant.command
    if command is None:
        return meant.wakes, None, {}
    return meant.wakes, command.intent, {name: slot.value for name, slot in command.slots.items()}


def _kind(told: Ambiguity) -> object:
    """What ambiguities of one kind have in common: the intents, and of one intent the slots that differ."""
    (*one, slots), (*other, others) = _meaning(told.first), _meaning(told.second)
    if one != other:
        return frozenset({tuple(one), tuple(other)})
    return tuple(one), frozenset(name for name in {*slots, *others} if slots.get(name) != others.get(name))
