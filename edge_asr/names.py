"""Names of things, areas and floors of the house, as Home Assistant tells them: lists to fill slots from."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from msgspec import Struct, field

from edge_asr.commands import SENTENCES_BYTES
from edge_asr.errors import CommandError

LISTS = ("name", "area", "floor")
_MOST_NAMES = 2000
_MOST_CHARACTERS = 100
_MOST_VALUE_CHARACTERS = 255  # Home Assistant has no longer id
_MOST_WHOLE = 2**53  # beyond it not every reader of JSON has the same number
_EXPECTED = (
    f'expected JSON of at most {SENTENCES_BYTES} bytes and {_MOST_NAMES} names, as in {{"name": {{"values": '
    '[{"in": "kitchen lamp", "out": "light.kitchen"}]}, "area": {"values": ["kitchen"]}}'
)

Value = str | int | float | bool


class Name(NamedTuple):
    """What is said, and what the slot then holds."""

    said: str
    value: Value


class Names(Struct, frozen=True):
    """By list. `unfit` are those that cannot be said at all, to be told."""

    name: tuple[Name, ...] = ()
    area: tuple[Name, ...] = ()
    floor: tuple[Name, ...] = ()
    unfit: tuple[str, ...] = ()

    def lists(self) -> dict[str, tuple[Name, ...]]:
        """All three, empty ones too: a sentence may ask for any of them."""
        return {"name": self.name, "area": self.area, "floor": self.floor}


class _Value(Struct, frozen=True):
    said: str = field(name="in")
    out: Value | None = None


class _List(Struct, frozen=True):
    values: list[_Value | str]


class _Told(Struct, frozen=True, forbid_unknown_fields=True):
    name: _List | list[_Value | str] = []
    area: _List | list[_Value | str] = []
    floor: _List | list[_Value | str] = []


def read_names(payload: bytes, size_bytes: int | None = None, most_bytes: int = SENTENCES_BYTES) -> Names:
    """Names of a JSON payload; without one there are none. Raises CommandError.

    size_bytes: of what it is the beginning of, where it is too long to be kept.

    One that nobody could say leaves the others as they are.
    """
    size_bytes = len(payload) if size_bytes is None else size_bytes
    if size_bytes > most_bytes:
        raise CommandError(f"a payload of {size_bytes} bytes is refused, {_EXPECTED}")
    try:
        told = msgspec.json.decode(payload or b"{}", type=_Told)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(f"{_line(str(error))}: it is refused, {_EXPECTED}") from None
    lists = {name: getattr(told, name) for name in LISTS}
    values = {name: found.values if isinstance(found, _List) else found for name, found in lists.items()}
    count = sum(map(len, values.values()))
    if count > _MOST_NAMES:
        raise CommandError(f"a list of {count} names is refused, {_EXPECTED}")
    unfit: list[str] = []
    taken = {name: tuple(dict.fromkeys(_fit(found, unfit))) for name, found in values.items()}
    return Names(taken["name"], taken["area"], taken["floor"], tuple(dict.fromkeys(unfit)))


def written(names: Names) -> bytes:
    """The same as JSON that `read_names` takes."""
    lists = {
        name: {"values": [{"in": one.said, "out": one.value} for one in found]} for name, found in names.lists().items()
    }
    return msgspec.json.encode(lists)


def _fit(values: list[_Value | str], unfit: list[str]) -> Iterator[Name]:
    for one in values:
        said, out = (one, None) if isinstance(one, str) else (one.said, one.out)
        text = " ".join(said.split())
        value = text if out is None else out
        if 0 < len(text) <= _MOST_CHARACTERS and text.isprintable() and _holds(value):
            yield Name(text, value)
        else:
            unfit.append(_line(text or "an empty one"))


def _holds(value: Value) -> bool:
    if isinstance(value, str):
        return len(value) <= _MOST_VALUE_CHARACTERS and value.isprintable()
    return abs(value) <= _MOST_WHOLE  # which no infinite one is; a float cannot hold every int


def _line(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return shown if len(shown) <= _MOST_CHARACTERS else shown[: _MOST_CHARACTERS - 4] + " ..."
