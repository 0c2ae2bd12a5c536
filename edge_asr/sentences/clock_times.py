"""Times of the day as people say them, from a few patterns of the language: a list whose values are like 07:30."""

import re

from edge_asr.sentences.definitions import ListValue, Template, TextList
from edge_asr.sentences.numbers import ways
from edge_asr.sentences.place import Place
from edge_asr.sentences.yaml_node import Node

CLOCK_KEYS = ("ways", "parts", "named", "behind")
_CHARACTERS_A_VALUE = 8  # texts written out for each minute of the day take room
_HOURS, _MINUTES = 24, 60
_FIELDS = re.compile(r"\{(hour|next|minute|left)\}")


def clock_list(name: str, place: Place, parts: dict[str, Node], language: str) -> TextList:
    """List of all times that the patterns can say; raises SentencesError.

    `ways` are patterns with {hour}, {minute}, {left} to the {next} hour, each for some minutes; `parts` are the parts
    of the day with their hours, said before the time or `behind` it; `named` are noon and the like.
    """
    behind = "behind" in parts and parts["behind"].plain("behind") is True
    patterns = [
        (one["say"].text("say"), _numbers(one["at"], _MINUTES))
        for one in (node.section("a way to say a time", ("say", "at")) for node in parts["ways"].items("ways", "[]"))
    ]
    day = [
        (one["say"].text("say"), _numbers(one["hours"], _HOURS))
        for one in (node.section("a part of the day", ("say", "hours")) for node in parts["parts"].items("parts", "[]"))
    ]
    values: list[ListValue] = []
    for hour in range(_HOURS):
        for minute in sorted({minute for _, minutes in patterns for minute in minutes}):
            alike = [say for say, minutes in patterns if minute in minutes]
            values.append(_value(place, hour, minute, alike, day, language, behind))
            parts["ways"].make(len(values[-1].said.text) // _CHARACTERS_A_VALUE)
    for said, (node, at) in parts["named"].mapping("named").items():
        values.append(ListValue(Template(said, at), node.text("a time")))
    return TextList(name, place, tuple(values))


def _value(
    place: Place,
    hour: int,
    minute: int,
    patterns: list[str],
    day: list[tuple[str, tuple[int, ...]]],
    language: str,
    behind: bool,
) -> ListValue:
    alone = [_filled(say, hour, (hour + 1) % _HOURS, minute, language) for say in patterns]
    short = [_filled(say, _of_twelve(hour), _of_twelve(hour + 1), minute, language) for say in patterns]
    said = [say for say, hours in day if hour in hours]
    texts = alone
    if said and short:
        both = (f"({'|'.join(short)})", f"({'|'.join(said)})")
        texts = [*alone, " ".join(both if behind else reversed(both)) if language != "zh" else "".join(reversed(both))]
    return ListValue(Template("|".join(texts), place), f"{hour:02}:{minute:02}")


def _of_twelve(hour: int) -> int:
    return hour % 12 or 12


def _filled(say: str, hour: int, after: int, minute: int, language: str) -> str:
    numbers = {"hour": hour, "next": after, "minute": minute, "left": _MINUTES - minute}

    def spoken(field: re.Match[str]) -> str:
        said = ways(numbers[field[1]], language)
        if language == "zh" and numbers[field[1]] == 2:
            said = ("两",) if field[1] in {"hour", "next"} else said[:1]
        return f"({'|'.join(said)})" if len(said) > 1 else said[0]

    return _FIELDS.sub(spoken, say)


def _numbers(node: Node, below: int) -> tuple[int, ...]:
    return tuple(one.whole("a number") % below for one in node.items("numbers", "[0, 5]"))
