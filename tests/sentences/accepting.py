"""What an acceptor makes of words, and words that it takes; a lexicon of the test's own."""

import bisect
from collections.abc import Iterator
from pathlib import Path

from edge_asr.asr.grammar import Grammar, Value, understood
from edge_asr.sentences.compiled import Compiled, compile_definitions, compile_files
from edge_asr.sentences.yaml_file import read_definitions

Meaning = tuple[str, dict[str, Value]]


class AllWords:
    """Knows whatever is made of letters and apostrophes."""

    def __contains__(self, word: str) -> bool:
        return word.replace("'", "").isalpha()

    def words_near(self, word: str, most: int) -> list[str]:
        return [word][:most]

    def fault_of_phones(self, phones: str) -> str:
        return "" if phones.isupper() else f"/{phones}/ is none"


class SomeWords:
    """Knows these, which stand in one text."""

    def __init__(self, words: str) -> None:
        self._words = sorted(set(words.split()))

    def __contains__(self, word: str) -> bool:
        at = bisect.bisect_left(self._words, word)
        return self._words[at : at + 1] == [word]

    def words_near(self, word: str, most: int) -> list[str]:
        for length in range(len(word), 0, -1):
            at = bisect.bisect_left(self._words, word[:length])
            found = [one for one in self._words[at : at + most] if one.startswith(word[:length])]
            if found:
                return found
        return []

    def fault_of_phones(self, phones: str) -> str:
        return f"/{phones}/: there are none"


def compiled(text: str, known: AllWords | SomeWords | None = None, language: str = "en") -> Compiled:
    """Of one YAML file."""
    return compile_definitions(read_definitions("house.yaml", text, language), known or AllWords(), language)


def plain(folder: Path, text: str, known: AllWords | SomeWords | None = None, language: str = "en") -> Compiled:
    """Of one plain list."""
    path = folder / "house.txt"
    path.write_text(text, "utf-8")
    return compile_files([path], known or AllWords(), language)


def meanings(grammar: Grammar, text: str) -> list[Meaning]:
    """All that the acceptor takes these words for."""
    out: dict[int, list[tuple[int, int]]] = {}
    for source, token, target in grammar.arcs:
        out.setdefault(source, []).append((token, target))
    front = _closed({(0, ())}, out)
    for word in text.split():
        front = _closed(
            {
                (target, (*path, token))
                for state, path in front
                for token, target in out.get(state, ())
                if token and grammar.tokens[token].word == word
            },
            out,
        )
    found: list[Meaning] = []
    for _, path in sorted(one for one in front if one[0] in grammar.finals):
        command = understood([grammar.tokens[token] for token in path], [1.0] * len(path), 0.0)
        meaning = (command.intent, {name: slot.value for name, slot in command.slots.items()})
        if meaning not in found:
            found.append(meaning)
    return found


def said(grammar: Grammar, most: int) -> Iterator[str]:
    """Texts that the acceptor takes, the shortest first."""
    out: dict[int, list[tuple[int, int]]] = {}
    for source, token, target in grammar.arcs:
        out.setdefault(source, []).append((token, target))
    front: set[tuple[int, tuple[int, ...]]] = _closed({(0, ())}, out)
    told: set[str] = set()
    for _ in range(30):
        for state, path in sorted(front):
            text = " ".join(grammar.tokens[token].word for token in path)
            if state in grammar.finals and text not in told:
                told.add(text)
                yield text
                if len(told) >= most:
                    return
        following = {(target, (*path, token)) for state, path in front for token, target in out.get(state, ()) if token}
        front = _closed(set(sorted(following)[:2000]), out)


def _closed(
    front: set[tuple[int, tuple[int, ...]]], out: dict[int, list[tuple[int, int]]]
) -> set[tuple[int, tuple[int, ...]]]:
    waiting = list(front)
    while waiting:
        state, path = waiting.pop()
        for token, target in out.get(state, ()):
            if not token and (target, path) not in front:
                front.add((target, path))
                waiting.append((target, path))
    return front
