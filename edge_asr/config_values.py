"""One setting at a time: which keys there are, what each may hold, and how text becomes a value."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import Struct, inspect

from edge_asr.config import Config
from edge_asr.errors import ConfigError

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_NONE = frozenset({"", "none"})
_SHOWN_CHARACTERS = 60  # of a refused value, so that the line stays a line


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: its dotted name, the type that msgspec holds it to, and its default."""

    name: str
    type: Any
    info: inspect.Type
    default: Any

    @property
    def optional(self) -> bool:
        """Whether the setting may be none."""
        return isinstance(self.info, inspect.UnionType) and self.info.includes_none


def _walk(section: type[Struct], prefix: str) -> Iterator[Key]:
    types = {field.name: field.type for field in msgspec.structs.fields(section)}
    instance = section()
    for name, kind in types.items():
        default = getattr(instance, name)
        if isinstance(default, Struct):
            yield from _walk(type(default), f"{prefix}{name}.")
        else:
            yield Key(prefix + name, kind, inspect.type_info(kind), default)


KEYS = {key.name: key for key in _walk(Config, "")}
SECTIONS = {name.rsplit(".", depth)[0] for name in KEYS for depth in range(1, name.count(".") + 1)}


def unknown(name: str, origin: str) -> ConfigError:
    """Refusal of a key that does not exist, with the nearest one that does. Never shows the value."""
    if name in SECTIONS:
        return ConfigError(f"{name} is a section (from {origin}): name a key in it, e.g. {_first_key(name)}")
    last = name.rsplit(".", 1)[-1]
    near = get_close_matches(name, [*KEYS, *SECTIONS], n=1, cutoff=0.75) or [
        known for known in KEYS if known.rsplit(".", 1)[-1] == last
    ]
    fix = f"did you mean {near[0]}?" if near else "`edge-asr check-config --example` shows every key"
    return ConfigError(f"{name}: unknown key (from {origin}), {fix}")


def _first_key(section: str) -> str:
    return next(known for known in KEYS if known.startswith(f"{section}."))


def refused(key: Key, value: Any, origin: str) -> ConfigError:
    """Refusal of a value, with what was expected."""
    shown = repr(value)
    if len(shown) > _SHOWN_CHARACTERS:
        shown = shown[: _SHOWN_CHARACTERS - 3] + "..."
    return ConfigError(f"{key.name} = {shown} (from {origin}): expected {expected(key.info)}")


def check(key: Key, value: Any, origin: str) -> Any:
    """Value as the type of `key`; raises ConfigError. Empty text is none where none is allowed."""
    if value == "" and key.optional:
        return None
    try:
        checked = msgspec.convert(value, key.type)
    except msgspec.ValidationError:
        raise refused(key, value, origin) from None
    if isinstance(checked, float) and not math.isfinite(checked):
        raise refused(key, value, origin)
    return checked


def check_text(key: Key, text: str, origin: str) -> Any:
    """Value of a text from the environment or the command line, by the type of `key`; raises ConfigError."""
    if not text.isprintable():  # bytes that are not UTF-8 among others: no setting is spelled with them
        raise refused(key, text, origin)
    if key.optional and text.strip().lower() in _NONE:
        return None
    return check(key, _from_text(key.info, text), origin)


def _from_text(info: inspect.Type, text: str) -> Any:
    """Nearest value that `text` spells; the text itself where it spells none, to be refused by `check`."""
    word = text.strip()
    for part in _parts(info):
        try:
            match part:
                case inspect.BoolType() if word.lower() in _TRUE | _FALSE:
                    return word.lower() in _TRUE
                case inspect.IntType():
                    return int(word)
                case inspect.FloatType():
                    return float(word)
                case inspect.LiteralType(values) if word in values:
                    return word
        except ValueError:
            continue
    return text


def _parts(info: inspect.Type, described: bool = False) -> list[inspect.Type]:
    """Members of a union, bare; with `described`, those that carry a description keep it."""
    if isinstance(info, inspect.Metadata) and not (described and info.extra_json_schema):
        return _parts(info.type, described)
    if isinstance(info, inspect.UnionType):
        return [part for each in info.types for part in _parts(each, described)]
    return [info]


def expected(info: inspect.Type) -> str:
    """What a setting may hold, in words."""
    words = [_in_words(part) for part in _parts(info, described=True)]
    return " or ".join([word for word in words if word != "none"] + ["none"] * ("none" in words))


def _in_words(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata(extra_json_schema={"description": str(description)}):
            return description
        case inspect.IntType() | inspect.FloatType():
            return ("a whole number" if isinstance(info, inspect.IntType) else "a number") + _bounds(info)
        case inspect.LiteralType(values=values):
            return " or ".join(f'"{value}"' for value in values)
        case inspect.BoolType():
            return "true or false"
        case inspect.NoneType():
            return "none"
    return "text in quotes"


def _bounds(info: inspect.IntType | inspect.FloatType) -> str:
    if info.ge is not None and info.le is not None:
        return f" from {info.ge:g} to {info.le:g}"
    words = [("above", info.gt), ("of at least", info.ge), ("below", info.lt), ("at most", info.le)]
    said = " and ".join(f"{word} {bound:g}" for word, bound in words if bound is not None)
    return f" {said}" if said else ""
