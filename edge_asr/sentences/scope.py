"""What the names of lists and rules mean where a template stands, and which values may stand there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hassil.expression import Expression, ListReference
from hassil.util import check_excluded_context, check_required_context

from edge_asr.sentences.definitions import AnyList, ListValue, RangeList, Template, TextList, WildcardList
from edge_asr.sentences.place import Place
from edge_asr.sentences.template import expression
from edge_asr.sentences.yaml_file import near

DEEPEST = 50  # so deep may rules and lists stand in each other


@dataclass(slots=True)
class Scope:
    """What names mean in one block. `used`: names that were asked for."""

    lists: Mapping[str, AnyList]
    rules: Mapping[str, Template]
    requires: Mapping[str, Any] = field(default_factory=dict)
    excludes: Mapping[str, Any] = field(default_factory=dict)
    parse: Callable[[Template], Expression] = expression
    used: set[tuple[str, str]] = field(default_factory=set)

    def rule(self, name: str, place: Place) -> Template:
        """Template of a rule; raises SentencesError."""
        if name not in self.rules:
            hint = near(name, list(self.rules)) or f" expected one of {', '.join(sorted(self.rules)) or 'none at all'}"
            raise place.error(f"there is no rule <{name}>", f"define it under expansion_rules;{hint}")
        self.used.add(("rule", name))
        return self.rules[name]

    def list(self, reference: ListReference, place: Place) -> TextList | RangeList:
        """What may stand for {name}; raises SentencesError."""
        name = reference.list_name
        found = self.lists.get(name)
        inline = reference.get_inline_range() if found is None and reference.is_inline_range else None
        if inline is not None:
            first, last, step = inline
            if first > last or step < 1 or (last - first) // step >= 100_000:
                raise place.error(f"{{{name}}} is no range", "expected one that goes up, as in {0..100:number}")
            return RangeList(name, place, tuple(range(first, last + 1, step)))
        if found is None:
            registry = (
                "; Home Assistant fills it itself, here its values are written out, or come by commands.names_topic"
            )
            told = registry if name in {"name", "area", "floor"} else ""
            hint = near(name, [*self.lists]) or f" known are {', '.join(sorted(self.lists))}"
            raise place.error(f"there is no list {{{name}}}", f"define it under lists{told};{hint}")
        if isinstance(found, WildcardList):
            raise place.error(
                f"the list {{{name}}} is a wildcard, any words at all",
                "sentences to listen for are known beforehand: give it values, or leave the sentence out",
            )
        self.used.add(("list", name))
        return found

    def allows(self, value: ListValue) -> bool:
        """Whether a value may stand in this block; context that comes from elsewhere is taken for fulfilled."""
        context = dict(value.context)
        return check_required_context(dict(self.requires), context, allow_missing_keys=True) and check_excluded_context(
            dict(self.excludes), context
        )
