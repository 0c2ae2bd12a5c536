"""What the files say, before it is put together: sentences, lists, rules, pronunciations, each with its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_asr.asr.grammar import Value
from edge_asr.sentences.place import Place

SPECIAL = frozenset("()[]{}<>|;\\")  # what makes a template of a text


@dataclass(frozen=True, slots=True)
class Template:
    """A text in Home Assistant's notation; `place` is that of its first character."""

    text: str
    place: Place

    @property
    def plain(self) -> bool:
        """Whether it is only what it says."""
        return SPECIAL.isdisjoint(self.text)


@dataclass(frozen=True, slots=True)
class ListValue:
    """One value of a list; without `out` the slot holds what was said. `of_house`: a name that comes from elsewhere."""

    said: Template
    out: Value | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    of_house: bool = False


@dataclass(frozen=True, slots=True)
class TextList:
    """A slot is filled with one of these."""

    name: str
    place: Place
    values: tuple[ListValue, ...]


@dataclass(frozen=True, slots=True)
class RangeList:
    """A slot is filled with a number, spoken in the words of the language, and maybe what it counts behind it.

    `percent`: it is said as a share of a hundred, in the way of the language.
    """

    name: str
    place: Place
    numbers: tuple[float, ...]  # as they are said; whole ones are int
    multiplier: float | None = None
    unit: Template | None = None
    before: Template | None = None


@dataclass(frozen=True, slots=True)
class WildcardList:
    """Any words at all: it can be defined, and not be used."""

    name: str
    place: Place


AnyList = TextList | RangeList | WildcardList


@dataclass(frozen=True, slots=True)
class Block:
    """Sentences that mean the same, but for their slots. Its own lists and rules go before those of all."""

    intent: str
    sentences: tuple[Template, ...]
    fixed: tuple[tuple[str, Value], ...] = ()
    lists: Mapping[str, AnyList] = field(default_factory=dict)
    rules: Mapping[str, Template] = field(default_factory=dict)
    requires: Mapping[str, Any] = field(default_factory=dict)
    excludes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Definitions:
    """All files together."""

    blocks: list[Block] = field(default_factory=list)
    lists: dict[str, AnyList] = field(default_factory=dict)
    rules: dict[str, Template] = field(default_factory=dict)
    skip_words: list[Template] = field(default_factory=list)
    pronunciations: dict[str, list[Template]] = field(default_factory=dict)
