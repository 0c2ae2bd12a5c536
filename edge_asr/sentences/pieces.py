"""A template as a net of pieces: letters that may be part of a word, spaces, and where a slot begins and ends.

Nothing is expanded: alternatives are ways through the net, a permutation is the lattice of what is still to be said.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from hassil.expression import (
    Alternative,
    Expression,
    ListReference,
    Permutation,
    RuleReference,
    Sequence,
    TextChunk,
)

from edge_asr.asr.grammar import Value
from edge_asr.sentences.definitions import ListValue, RangeList
from edge_asr.sentences.numbers import ways
from edge_asr.sentences.place import Place
from edge_asr.sentences.said_texts import said_texts
from edge_asr.sentences.scope import DEEPEST, Scope
from edge_asr.sentences.spelling import SPACE, Part, Spelling, is_han

MOST_IN_ANY_ORDER = 6


class Slot(NamedTuple):
    """One filling of a slot on its way through a sentence."""

    number: int
    name: str
    value: Value
    of_house: bool = False


class Letters(NamedTuple):
    """Letters of a word, or with `han` one character of a script without spaces."""

    text: str
    slot: Slot | None
    place: Place
    han: bool


class Gap(NamedTuple):
    """A space."""


class Enter(NamedTuple):
    """Here a slot begins."""

    slot: Slot


class Leave(NamedTuple):
    """Here it ends."""

    slot: Slot


Label = Letters | Gap | Enter | Leave | None
GAP = Gap()


@dataclass(slots=True)
class Size:
    """How much has been made already, of what may be made at most."""

    most: int
    made: int = 0

    def grow(self, place: Place, by: int = 1) -> None:
        """Raise SentencesError when it is too much."""
        self.made += by
        if self.made > self.most:
            raise place.error(
                f"with this sentence the list is too big: more than {self.most} steps from word to word",
                "leave out permutations and lists in it, or divide it",
            )


class Net:
    """Under construction for one template: `ways[state]` are (label, state behind it)."""

    def __init__(self, scope: Scope, spelling: Spelling, size: Size) -> None:
        self.ways: list[list[tuple[Label, int]]] = [[]]
        self._scope, self._spelling, self._size = scope, spelling, size
        self._slots = 0
        self._rules: list[str] = []
        self._lists: list[str] = []
        self._place = Place("", 0)

    def add(self, part: Expression, place: Place) -> tuple[int, int]:
        """Its first and last state; raises SentencesError."""
        self._place = place
        first = self._state()
        return first, self._expression(part, first, None, place)

    def silent(self, first: int, last: int) -> bool:
        """Whether it leads from one to the other without a word; signs are none, and in a slot there is always one."""
        reached, waiting = {first}, [first]
        while waiting:
            for label, target in self.ways[waiting.pop()]:
                spoken = isinstance(label, Enter) or (isinstance(label, Letters) and self._spelling.words(label.text))
                if not spoken and target not in reached:
                    reached.add(target)
                    waiting.append(target)
        return last in reached

    def _state(self) -> int:
        self.ways.append([])
        return len(self.ways) - 1

    def _way(self, source: int, label: Label, target: int | None = None) -> int:
        self._size.grow(self._place)
        target = self._state() if target is None else target
        self.ways[source].append((label, target))
        return target

    def _expression(self, part: Expression, source: int, slot: Slot | None, place: Place) -> int:
        if isinstance(part, TextChunk):
            return self._parts(self._spelling.parts(part.text), source, slot, place)
        if isinstance(part, Sequence):
            for item in part.items:
                source = self._expression(item, source, slot, place)
            return source
        if isinstance(part, Alternative):
            target = self._state()
            for item in part.items:
                self._way(self._expression(item, source, slot, place), None, target)
            return target
        if isinstance(part, Permutation):
            return self._permutation(part, source, slot, place)
        if isinstance(part, RuleReference):
            return self._rule(part.rule_name, source, slot, place)
        assert isinstance(part, ListReference)  # noqa: S101 - hassil has no other
        return self._list(part, source, place)

    def _permutation(self, part: Permutation, source: int, slot: Slot | None, place: Place) -> int:
        count = len(part.items)
        if count > MOST_IN_ANY_ORDER:
            raise place.error(
                f"{count} parts stand in any order, with ; between them",
                f"expected at most {MOST_IN_ANY_ORDER}: put those together that follow each other",
            )
        behind = {0: source}
        for said in range((1 << count) - 1):
            for number, item in enumerate(part.items):
                after = said | 1 << number
                if after != said:
                    target = behind.setdefault(after, self._state())
                    self._way(self._expression(item, behind[said], slot, place), None, target)
        return behind[(1 << count) - 1]

    def _rule(self, name: str, source: int, slot: Slot | None, place: Place) -> int:
        template = self._scope.rule(name, place)
        if name in self._rules:
            circle = " -> ".join(f"<{rule}>" for rule in [*self._rules[self._rules.index(name) :], name])
            raise template.place.error(f"the rule <{name}> needs itself: {circle}", "take it out of one of them")
        if len(self._rules) + len(self._lists) >= DEEPEST:
            raise template.place.error(f"rules stand {DEEPEST} deep in each other", "write some of them out")
        self._rules.append(name)
        target = self._expression(self._scope.parse(template), source, slot, template.place)
        self._rules.pop()
        return target

    def _list(self, reference: ListReference, source: int, place: Place) -> int:
        found = self._scope.list(reference, place)
        if reference.list_name in self._lists:
            raise found.place.error(f"the list {{{reference.list_name}}} needs itself", "take it out of its own values")
        self._lists.append(reference.list_name)
        target = self._state()
        name = None if reference.is_capture else reference.slot_name
        if isinstance(found, RangeList):
            self._range(found, name, source, target)
        else:
            for value in filter(self._scope.allows, found.values):
                self._value(value, name, source, target)
        self._lists.pop()
        return target

    def _value(self, value: ListValue, name: str | None, source: int, target: int) -> None:
        place = value.said.place
        if name is None or value.out is not None:
            inside = partial(self._expression, self._scope.parse(value.said), place=place)
            self._filled(name, value.out, source, target, inside, of_house=value.of_house)
            return
        for text in said_texts(self._scope, value.said):
            parts = self._spelling.parts(text)
            self._filled(name, text, source, target, partial(self._parts, parts, place=place))

    def _range(self, found: RangeList, name: str | None, source: int, target: int) -> None:
        for number in found.numbers:
            value = number if found.multiplier is None else number * found.multiplier
            self._filled(name, value, source, target, partial(self._number, found, number))

    def _number(self, found: RangeList, number: float, state: int, slot: Slot | None) -> int:
        """A number, and what is said before it and behind."""
        if found.before is not None:
            state = self._expression(self._scope.parse(found.before), state, slot, found.place)
        state = self._parts([ways(number, self._spelling.language)], state, slot, found.place)
        if found.unit is not None:
            state = self._expression(self._scope.parse(found.unit), self._way(state, GAP), slot, found.place)
        return state

    def _filled(
        self,
        name: str | None,
        value: Value | None,
        source: int,
        target: int,
        inside: Callable[[int, Slot | None], int],
        *,
        of_house: bool = False,
    ) -> None:
        """From `source` to `target` by what is `inside` of a slot."""
        if name is None or value is None:
            self._way(inside(source, None), None, target)
            return
        self._slots += 1
        slot = Slot(self._slots, name, value, of_house)
        self._way(inside(self._way(source, Enter(slot)), slot), Leave(slot), target)

    def _parts(self, parts: list[Part], source: int, slot: Slot | None, place: Place) -> int:
        for part in parts:
            if part is SPACE:
                source = self._way(source, GAP)
            elif isinstance(part, str):
                source = self._letters(part, source, slot, place)
            else:
                target = self._state()
                for way in part:
                    self._way(self._parts(list(_words(way)), source, slot, place), None, target)
                source = target
        return source

    def _letters(self, text: str, source: int, slot: Slot | None, place: Place) -> int:
        """Letters in a row; each character of a script without spaces is a piece of its own."""
        begin = 0
        for at, letter in enumerate(text):
            if is_han(letter):
                if begin < at:
                    source = self._way(source, Letters(text[begin:at], slot, place, han=False))
                source = self._way(source, Letters(letter, slot, place, han=True))
                begin = at + 1
        return self._way(source, Letters(text[begin:], slot, place, han=False)) if begin < len(text) else source


def _words(text: str) -> list[Part]:
    parts: list[Part] = []
    for word in text.split():
        parts += [word, SPACE]
    return parts[:-1]
