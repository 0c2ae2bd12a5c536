"""Sentences with two meanings are found, and only those."""

import pytest

from edge_asr.sentences.ambiguity import Meant, ambiguities
from edge_asr.sentences.compiled import compile_definitions
from edge_asr.sentences.wake_begins import sentences_begun
from edge_asr.sentences.yaml_file import read_definitions
from tests.sentences.accepting import AllWords, compiled


def _plain(meant: Meant) -> str:
    command = meant.command
    assert command is not None
    assert not meant.wakes
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


@pytest.mark.parametrize(
    ("intents", "phrase", "found"),
    [
        ("{Night: [good night], Light: [light on]}", "good night", [("good night", "Night", "wake")]),
        ("{good night: [good night]}", "good night", [("good night", "good night", "wake")]),
        (
            "{Light: [turn on the light], The: [the light]}",
            "turn on",
            [("turn on the light", "Light", "wake The")],
        ),
        ("{Light: [light on, house light on], House: [house light on]}", "hey", [("house light on", "House", "Light")]),
        (
            "{Light: [light on], House: [house light on]}",
            "hey [house]",
            [("hey house light on", "wake House", "wake Light")],
        ),
        ("{Light: [light on]}", "hey [hey] house", []),
        ("{Light: [light on], Hey: [hey]}", "hey house", []),
    ],
)
def test_a_phrase_that_wakes_is_told_from_sentences(
    intents: str, phrase: str, found: list[tuple[str, str, str]]
) -> None:
    definitions = read_definitions("house.yaml", f"intents: {intents}", "en")
    told, whole = ambiguities(compile_definitions(definitions, AllWords(), "en", wake_phrase=phrase).grammar)
    assert whole
    assert [(one.text, *sorted([_intents(one.first), _intents(one.second)])) for one in told] == found


def _intents(meant: Meant) -> str:
    return " ".join([*["wake"] * meant.wakes, *([meant.command.intent] if meant.command is not None else [])])


@pytest.mark.parametrize(
    ("sentences", "phrase", "found"),
    [
        ("[turn on the light now, turn on it]", "turn on", [("turn on", "turn on it")]),
        ("['(hey|okay) house [dear]']", "hey house", [("hey house", "hey house dear")]),
        ("[hey light on, okay now]", "(hey|okay)", [("hey", "hey light on"), ("okay", "okay now")]),
        ("['[please] light {x}']", "(please|dear)", [("please", "please light one")]),
        ("[good night]", "good night", []),
        ("[hey]", "hey house", []),
        ("[light on]", "hey house", []),
    ],
)
def test_sentences_that_begin_with_the_phrase(sentences: str, phrase: str, found: list[tuple[str, str]]) -> None:
    text = f"intents: {{A: {sentences}}}\nlists: {{x: {{values: [one]}}}}"
    definitions = read_definitions("house.yaml", text, "en")
    grammar = compile_definitions(definitions, AllWords(), "en", wake_phrase=phrase).grammar
    assert sorted(sentences_begun(grammar)) == found
    assert sentences_begun(compile_definitions(definitions, AllWords(), "en").grammar) == []
