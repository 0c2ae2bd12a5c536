"""Kaldi's descriptors: `Sum(Offset(x, -1), Scale(0.75, y))`, the little language that wires a network's nodes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(r"\s*([(),]|[^\s(),]+)")
_FUNCTIONS = {"Append", "Sum", "Offset", "Scale", "ReplaceIndex"}


@dataclass(frozen=True)
class Descriptor:
    """A node's name, or a function of `parts`; `amount` is the frames, factor or width of those that have one."""

    name: str
    parts: tuple["Descriptor", ...] = ()
    amount: float = 0.0


def parse_descriptor(text: str) -> Descriptor:
    """Descriptor of the text; ValueError when it is none of the known kinds."""
    words = [match[1] for match in _WORD.finditer(text)]
    descriptor, rest = _parse(words)
    if rest:
        raise ValueError(f"{text!r} goes on after its end: {' '.join(rest)!r}")
    return descriptor


def sources(descriptor: Descriptor, offset: int = 0) -> Iterator[tuple[str, int]]:
    """Every node that the descriptor looks at, with its offset in frames; fixed ones (ReplaceIndex) are left out."""
    if not descriptor.parts:
        yield descriptor.name, offset
    elif descriptor.name != "ReplaceIndex":
        shift = int(descriptor.amount) if descriptor.name == "Offset" else 0
        for part in descriptor.parts:
            yield from sources(part, offset + shift)


def _parse(words: list[str]) -> tuple[Descriptor, list[str]]:
    """Descriptor at the head of the words, and the words after it."""
    if not words or words[0] in {"(", ")", ","}:
        raise ValueError(f"expected a name at {' '.join(words)!r}")
    name, words = words[0], words[1:]
    if not words or words[0] != "(":
        return Descriptor(name), words
    if name not in _FUNCTIONS:
        raise ValueError(f"{name} is not known; expected one of {', '.join(sorted(_FUNCTIONS))}")
    arguments: list[Descriptor] = []
    separator = "("
    while separator != ")":
        argument, rest = _parse(words[1:])
        arguments.append(argument)
        if not rest or rest[0] not in {",", ")"}:
            raise ValueError(f"{name}(...) does not end")
        separator, words = rest[0], rest
    return _build(name, arguments), words[1:]


def _build(name: str, arguments: list[Descriptor]) -> Descriptor:
    if name == "Offset":
        source, frames = arguments
        return Descriptor(name, (source,), int(frames.name))
    if name == "Scale":
        factor, source = arguments
        return Descriptor(name, (source,), float(factor.name))
    if name == "ReplaceIndex":
        source, index, value = arguments
        if (index.name, value.name) != ("t", "0"):
            raise ValueError(f"ReplaceIndex by {index.name}={value.name}, expected t=0")
        return Descriptor(name, (source,))
    return Descriptor(name, tuple(arguments))
