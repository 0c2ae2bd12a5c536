"""A YAML file whose every value knows its line and column; of the wrong type it is one clear error."""

import difflib
import math
from collections.abc import Collection, Iterator
from typing import Any

import yaml

from edge_asr.asr.grammar import Value
from edge_asr.errors import SentencesError
from edge_asr.sentences.place import Place

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_MOST_VISITS = 2_000_000  # an alias within an alias within ... would be walked for ever
_DEEPEST = 50


class Node:
    """A value of the file. Immutable but for the count of visits, which all nodes of a file share."""

    def __init__(self, file: str, node: Any, visits: list[int]) -> None:
        self._file, self._node, self._visits = file, node, visits
        self.make(1)

    def make(self, count: int) -> None:
        """Take so many values of what one file may have; raises SentencesError where it has no more."""
        self._visits[0] += count
        if self._visits[0] > _MOST_VISITS:
            raise SentencesError(
                f"{self._file}: more than {_MOST_VISITS} values; divide the file, or use fewer aliases and ranges"
            )

    @property
    def place(self) -> Place:
        """Of its first character, behind the quotes."""
        mark = self._node.start_mark
        quoted = getattr(self._node, "style", None) in ('"', "'")
        if getattr(self._node, "style", None) in {"|", ">"}:
            return Place(self._file, mark.line + 2)
        return Place(self._file, mark.line + 1, mark.column + 1 + quoted)

    @property
    def empty(self) -> bool:
        """Whether nothing stands here."""
        return bool(self._node.tag == _TAG + "null")

    @property
    def is_text(self) -> bool:
        """Whether it is neither a list nor a mapping."""
        return isinstance(self._node, yaml.ScalarNode)

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self._node, yaml.SequenceNode)

    def mapping(self, what: str) -> dict[str, tuple["Node", Place]]:
        """Values by their keys, each with the key's place; raises SentencesError."""
        if self.empty:
            return {}
        if not isinstance(self._node, yaml.MappingNode):
            raise self.place.error(f"{self._seen()} stands for {what}", "expected `name: value` lines below it")
        entries: dict[str, tuple[Node, Place]] = {}
        for key, value in self._node.value:
            name = Node(self._file, key, self._visits)
            text = name.text(f"a name in {what}").strip()
            if text in entries:
                raise name.place.error(
                    f"{text!r} is defined twice in {what}, first at {entries[text][1]}",
                    "put both together, or give one another name",
                )
            entries[text] = (Node(self._file, value, self._visits), name.place)
        return entries

    def section(self, what: str, known: Collection[str], ignored: Collection[str] = ()) -> dict[str, "Node"]:
        """The same, of which all keys are known; raises SentencesError."""
        entries = self.mapping(what)
        for key, (_, place) in entries.items():
            if key not in known and key not in ignored:
                near = difflib.get_close_matches(key, known, 1)
                raise place.error(
                    f"{key!r} is unknown in {what}",
                    f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(sorted(known))}",
                )
        return {key: value for key, (value, _) in entries.items() if key in known}

    def items(self, what: str, example: str) -> Iterator["Node"]:
        """Values of a list; raises SentencesError."""
        if self.empty:
            return
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.place.error(f"{self._seen()} stands for {what}", f"expected a list, as in {example}")
        for item in self._node.value:
            yield Node(self._file, item, self._visits)

    def text(self, what: str) -> str:
        """A text, also where YAML would see a number or a yes; raises SentencesError."""
        if not isinstance(self._node, yaml.ScalarNode) or self.empty:
            raise self.place.error(
                f"{self._seen()} stands for {what}", "expected text; quote it if it begins with { or ["
            )
        return str(self._node.value)

    def value(self, what: str) -> Value:
        """Text, number, or yes and no; a list of them becomes text with commas between. Raises SentencesError."""
        plain = self.plain(what)
        if isinstance(plain, list):
            return ", ".join(str(one) for one in plain)
        if plain is None or not isinstance(plain, Value):
            raise self.place.error(f"{self._seen()} stands for {what}", "expected text, a number, true or false")
        if isinstance(plain, float) and not math.isfinite(plain):
            return str(self._node.value)  # JSON has no such number
        return plain

    def number(self, what: str) -> float:
        """A number; raises SentencesError."""
        plain = self.plain(what) if self.is_text else None
        if isinstance(plain, bool) or not isinstance(plain, int | float) or not abs(plain) < 1e15:
            raise self.place.error(f"{self._seen()} stands for {what}", "expected a number")
        return plain

    def whole(self, what: str) -> int:
        """A whole number; raises SentencesError."""
        number = self.number(what)
        if number != int(number):
            raise self.place.error(f"{number} stands for {what}", "expected a whole number")
        return int(number)

    def plain(self, what: str, depth: int = 0) -> Any:
        """As Python has it: of scalars, lists and mappings; raises SentencesError."""
        if depth > _DEEPEST:
            raise self.place.error(f"{what} is nested too deep", f"expected at most {_DEEPEST} levels")
        if isinstance(self._node, yaml.SequenceNode):
            return [item.plain(what, depth + 1) for item in self.items(what, "[a, b]")]
        if isinstance(self._node, yaml.MappingNode):
            return {key: value.plain(what, depth + 1) for key, (value, _) in self.mapping(what).items()}
        if self._node.tag not in {_TAG + kind for kind in ("int", "float", "bool", "null")}:
            return str(self._node.value)
        try:
            return yaml.constructor.SafeConstructor().construct_object(self._node)
        except (ValueError, KeyError, yaml.YAMLError):  # 0x, or thousands of digits
            return str(self._node.value)

    def _seen(self) -> str:
        if self.empty:
            return "nothing"
        if isinstance(self._node, yaml.ScalarNode):
            text = str(self._node.value)
            return repr(text if len(text) <= 60 else text[:57] + "...")
        return "a list" if self.is_list else "a mapping"


def read_yaml(file: str, text: str) -> Node:
    """The file's outermost value; raises SentencesError."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark is not None else Place(file, 1)
        raise place.error(
            f"this is no YAML: {error.problem or error.context}",
            "look at the indentation, and quote sentences that begin with [ or { or hold a colon",
        ) from error
    except yaml.YAMLError as error:  # characters that no YAML has
        raise SentencesError(
            f"{file}: this is no YAML: {' '.join(str(error).split())}; save it as plain text"
        ) from error
    except RecursionError as error:
        raise SentencesError(f"{file}: brackets stand too deep in each other; expected a file of sentences") from error
    if node is None:
        raise Place(file, 1).error("the file is empty", "expected `intents:` and sentences below it")
    return Node(file, node, [0])
