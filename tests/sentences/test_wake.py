"""A phrase before the sentences: alone, before each of them, or not at all; never behind one."""

from pathlib import Path

import pytest

from edge_asr.asr.grammar import Grammar, woken
from edge_asr.errors import SentencesError
from edge_asr.sentences.compiled import compile_files
from tests.sentences.accepting import AllWords, SomeWords, meanings

SENTENCES = """
intents: {Light: ["turn on the {room} light"]}
lists: {room: {values: [hall, {in: living room, out: living}]}, nobody: {values: []}}
expansion_rules: {name: "(house|home)"}
skip_words: [please]
pronunciations: {roomba: ["room bar"]}
"""


def woken_house(tmp_path: Path, phrase: str, known: SomeWords | None = None) -> Grammar:
    path = tmp_path / "house.yaml"
    path.write_text(SENTENCES)
    return compile_files([path], known or AllWords(), "en", wake_phrase=phrase).grammar


def wake_words(grammar: Grammar, text: str) -> set[int]:
    """How many words of it are the phrase, on all ways."""
    front: set[tuple[int, tuple[int, ...]]] = {(0, ())}
    found: set[int] = set()
    words = text.split()
    for _ in range(4 * len(words) + 8):
        for state, path in front:
            if len(path) == len(words) and state in grammar.finals:
                found.add(woken([grammar.tokens[token] for token in path]))
        front |= {
            (target, (*path, token) if token else path)
            for state, path in front
            for source, token, target in grammar.arcs
            if source == state
            and (not token or (len(path) < len(words) and grammar.tokens[token].word == words[len(path)]))
        }
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hey house", {2}),
        ("okay home", {2}),
        ("turn on the hall light", {0}),
        ("hey house turn on the living room light", {2}),
        ("hey home please turn on the hall light please", {2}),
        ("hey", set()),
        ("turn on the hall light hey house", set()),
        ("hey house hey house", set()),
        ("please hey house", set()),
    ],
)
def test_where_the_phrase_may_stand(text: str, expected: set[int], tmp_path: Path) -> None:
    assert wake_words(woken_house(tmp_path, "(hey|okay) <name>"), text) == expected


def test_a_sentence_behind_it_means_what_it_does_without(tmp_path: Path) -> None:
    grammar = woken_house(tmp_path, "hey house")
    meaning = [("Light", {"room": "living"})]
    assert meanings(grammar, "turn on the living room light") == meaning
    assert meanings(grammar, "hey house turn on the living room light") == meaning


def test_words_that_sound_as_they_are_told_may_be_in_it(tmp_path: Path) -> None:
    known = SomeWords("hey turn on the hall living room light please room bar")
    assert wake_words(woken_house(tmp_path, "hey roomba", known), "hey roomba") == {2}
    assert woken_house(tmp_path, "hey roomba", known).sounds == {"roomba": (("room", "bar"),)}


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("hey (house", "commands.wake_phrase:1:5: '(' is never closed"),
        ("hey zorb", "'zorb' at commands.wake_phrase:1:1"),
        ("hey <nobody>", "there is no rule <nobody>"),
        ("...", "commands.wake_phrase:1:1: the phrase '...' may be nothing at all"),
        ("[hey] [house]", "commands.wake_phrase:1:1: the phrase '[hey] [house]' may be nothing at all"),
        ("[hey|<name>]", "may be nothing at all, and then nothing wakes"),
        ("{nobody}", "commands.wake_phrase:1:1: '{nobody}' can never be said"),
    ],
)
def test_a_bad_phrase_is_one_clear_error(phrase: str, said: str, tmp_path: Path) -> None:
    known = SomeWords("hey house home turn on the hall living room light please bar")
    with pytest.raises(SentencesError) as error:
        woken_house(tmp_path, phrase, known)
    assert said in str(error.value)


@pytest.mark.parametrize("phrase", ["hey [dear] house", "[hey] <name>", "(hey;<name>)", "hey {room}"])
def test_a_phrase_in_which_something_is_always_said_wakes(phrase: str, tmp_path: Path) -> None:
    assert any(token.wake for token in woken_house(tmp_path, phrase).tokens)


def test_what_only_the_phrase_needs_is_no_doubt(tmp_path: Path) -> None:
    path = tmp_path / "house.yaml"
    path.write_text("intents: {Light: [light on]}\nexpansion_rules: {name: '(house|home)', idle: hello}\n")
    found = compile_files([path], AllWords(), "en", wake_phrase="(hey|okay) <name>")
    assert found.wake_ways == 4
    assert (found.expansions, found.templates, found.intents) == (1, 1, 1)
    assert [doubt.rpartition(": ")[2] for doubt in found.doubts] == ["the rule <idle> is used by no sentence"]
    assert compile_files([path], AllWords(), "en").wake_ways == 0
