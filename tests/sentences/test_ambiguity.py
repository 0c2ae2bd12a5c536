"""Sentences with two meanings are found, and only those."""

import pytest

from edge_asr.asr.grammar import Command
from edge_asr.sentences.ambiguity import ambiguities
from tests.sentences.accepting import compiled


def _plain(command: Command) -> str:
    return " ".join([command.intent, *(f"{name}={slot.value}" for name, slot in sorted(command.slots.items()))])


@pytest.mark.parametrize(
    ("intents", "found"),
    [
        ("{A: ['turn [it] on'], B: ['turn on']}", [("turn on", "A", "B")]),
        ("{A: ['turn [it] on', turn it on, 'turn (it|it) on'], B: ['turn off']}", []),
        ("{A: ['go {x}', 'go {y}']}", [("go one", "A x=1", "A y=one")]),
        ("{A: ['go {x} {x}', 'go {x}']}", []),
        ("{A: ['go {x:a} {x:b}', 'go {x:b} {x:a}']}", [("go one two", "A a=1 b=2", "A a=2 b=1")]),
        ("{A: ['(go;now)'], B: [now go]}", [("now go", "A", "B")]),
        ("{A: [go], B: [go], C: [go]}", [("go", "A", "B"), ("go", "A", "C"), ("go", "B", "C")]),
        ("{A: ['[please] go'], B: [please go]}", [("please go", "A", "B")]),
    ],
)
def test_one_example_of_each_kind(intents: str, found: list[tuple[str, str, str]]) -> None:
    lists = "lists: {x: {values: [{in: one, out: 1}, {in: two, out: 2}]}, y: {values: [one]}}"
    told, whole = ambiguities(compiled(f"intents: {intents}\n{lists}").grammar)
    assert whole
    pairs = [(sorted(one.text.split()), *sorted([_plain(one.first), _plain(one.second)])) for one in told]
    assert sorted(pairs) == sorted((sorted(text.split()), *sorted(both)) for text, *both in found)


def test_ready_made_lists_have_one_meaning_for_each_text() -> None:
    for name in ("number", "percent", "temperature", "temperature_halves", "time", "colour"):
        told, whole = ambiguities(compiled(f"intents: {{A: ['to {{{name}}}']}}").grammar)
        assert (told, whole) == ([], True)
