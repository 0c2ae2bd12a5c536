"""How many sentences templates stand for: counted by their parts, never by writing them out."""

import math
from collections.abc import Callable

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)

from edge_asr.sentences.definitions import RangeList, Template
from edge_asr.sentences.numbers import ways
from edge_asr.sentences.place import Place
from edge_asr.sentences.scope import Scope
from edge_asr.sentences.spelling import Spelling


class Counting:
    """For one block; only for templates that a net was made of, so that every name is known and no rule is cyclic."""

    def __init__(self, scope: Scope, spelling: Spelling) -> None:
        self._scope, self._spelling = scope, spelling
        self._known: dict[tuple[str, str], int] = {}

    def sentences(self, template: Template) -> int:
        """How many; the same words in two ways are two."""
        return self.count(self._scope.parse(template), template.place)

    def count(self, part: Expression, place: Place) -> int:
        """The same of a part."""
        if isinstance(part, TextChunk):
            return math.prod(len(one) for one in self._spelling.parts(part.text) if isinstance(one, tuple))
        if isinstance(part, RuleReference):
            return self._once("rule", part.rule_name, lambda: self.sentences(self._scope.rule(part.rule_name, place)))
        if isinstance(part, ListReference):
            return self._once("list", part.list_name, lambda: self._list(part, place))
        assert isinstance(part, Group)  # noqa: S101 - hassil has no other
        counts = [self.count(item, place) for item in part.items]
        if isinstance(part, Alternative):
            return sum(counts)
        return math.prod(counts) * (math.factorial(len(counts)) if isinstance(part, Permutation) else 1)

    def _once(self, kind: str, name: str, count: Callable[[], int]) -> int:
        if (kind, name) not in self._known:
            self._known[kind, name] = count()
        return self._known[kind, name]

    def _list(self, reference: ListReference, place: Place) -> int:
        found = self._scope.list(reference, place)
        if isinstance(found, RangeList):
            said = sum(len(ways(number, self._spelling.language)) for number in found.numbers)
            around = (self.sentences(one) for one in (found.before, found.unit) if one is not None)
            return said * math.prod(around)
        return sum(self.sentences(value.said) for value in found.values if self._scope.allows(value))
