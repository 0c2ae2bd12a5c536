"""What may be said, as a finite acceptor over tokens, and what each sentence of it means.

The value that goes from the lists of sentences to a recognizer, and what comes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Token:
    """A word with its meaning: the same word with another meaning is another token.

    `intent` is that of the sentence, with the slots that it always has: one of its words says so, mostly the first. A
    sentence in which none does is its own intent, by its words.
    `slot` names the slot that the word belongs to, `value` what the slot then holds; `begins` is true for its first
    word. `wake` is true for words of the phrase that wakes.
    """

    word: str
    intent: str | None = None
    fixed: tuple[tuple[str, Value], ...] = ()
    slot: str | None = None
    value: Value = ""
    begins: bool = False
    wake: bool = False


@dataclass(frozen=True, slots=True)
class Grammar:
    """State 0 is where sentences begin.

    `tokens` counts from 0, which is no word; `arcs` are (from, token, to). `sounds` are pronunciations of words that
    the lexicon lacks or has otherwise: each a row of words of the lexicon that sound so together, or of phones by their
    names between slashes.
    """

    tokens: tuple[Token, ...]
    arcs: tuple[tuple[int, int, int], ...]
    finals: frozenset[int]
    sounds: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)


def spelled_phones(part: str) -> str | None:
    """Names of the phones, when that is what a part of a sound is."""
    return part[1:-1] if len(part) > 1 and part.startswith("/") and part.endswith("/") else None


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot of a command: its value, how it was said, and how sure that is, in 0..1."""

    value: Value
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Command:
    """A sentence of a grammar, understood. `confidence` in 0..1.

    `excess` says how much worse it fits the sound than speech without a grammar: around 0 and below for commands.
    """

    intent: str
    slots: dict[str, Slot]
    confidence: float
    excess: float


@dataclass(frozen=True, slots=True)
class Wake:
    """The phrase that wakes: the first `words` of what was said. `confidence` in 0..1.

    `excess` says how much worse it fits its own part of the sound than speech without a grammar.
    """

    words: int
    confidence: float
    excess: float


def woken(tokens: Sequence[Token]) -> int:
    """How many words at the beginning are the phrase that wakes."""
    return next((number for number, token in enumerate(tokens) if not token.wake), len(tokens))


def understood(tokens: Sequence[Token], confidences: Sequence[float], excess: float) -> Command:
    """The command that a row of tokens is; each has a confidence."""
    intent = next((token.intent for token in tokens if token.intent is not None), None)
    if intent is None:
        intent = " ".join(token.word for token in tokens)
    slots = {name: Slot(value, "", 1.0) for token in tokens for name, value in token.fixed}
    at = 0
    while at < len(tokens):
        token, end = tokens[at], at + 1
        if token.slot is not None and token.begins:
            while end < len(tokens) and tokens[end].slot == token.slot and not tokens[end].begins:
                end += 1
            words = " ".join(one.word for one in tokens[at:end])
            slots[token.slot] = Slot(token.value, words, _mean(confidences[at:end]))
        at = end
    return Command(intent, slots, _mean(confidences), excess)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
