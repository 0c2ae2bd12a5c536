"""Names of the house in the lists of sentences."""

import pytest

from edge_asr.errors import SentencesError
from edge_asr.sentences.compiled import Compiled, NothingSaidError, compile_definitions
from edge_asr.sentences.yaml_file import read_definitions
from tests.sentences.accepting import SomeWords, meanings

KNOWN = SomeWords("turn on the kitchen lamp living room hall fan two one hundred and percent kay lee's lee all")
LIGHT = "intents: {Light: ['turn on [the] {name}', 'turn on all']}\n"
Named = list[tuple[str, str | int | float | bool]]


def compiled(text: str, names: Named, known: SomeWords = KNOWN, language: str = "en") -> Compiled:
    return compile_definitions(read_definitions("a.yaml", text, language), known, language, names={"name": names})


def test_they_are_said_and_fill_the_slot() -> None:
    found = compiled(LIGHT, [("Kitchen LAMP", "light.kitchen"), ("Fan 2", "fan.two"), ("lamp (hall)", "light.hall")])
    assert (found.names, found.left_out) == (3, ())
    for said, value in {"kitchen lamp": "light.kitchen", "fan two": "fan.two", "lamp hall": "light.hall"}.items():
        assert meanings(found.grammar, f"turn on the {said}") == [("Light", {"name": value})]


@pytest.mark.parametrize(
    "name", ["Xqzzy lamp", "lamp xqzzy", "!!!", "{kitchen", "}", "\\", "x" * 2000, "灯", "lamp " * 900, "💡"]
)
def test_one_that_nobody_can_say_is_left_out_alone(name: str) -> None:
    found = compiled(LIGHT, [("lamp", "a"), (name, "b"), ("fan", "c")])
    if name == "{kitchen":  # a sign is not said
        assert (found.names, found.left_out) == (3, ())
    else:
        assert (found.names, found.left_out) == (2, (name,))
    assert meanings(found.grammar, "turn on lamp") == [("Light", {"name": "a"})]
    assert meanings(found.grammar, "turn on fan") == [("Light", {"name": "c"})]


def test_one_that_nobody_can_say_with_what_is_glued_to_it_is_said_without() -> None:
    found = compiled('intents: {Light: ["turn on [the] {name}[\'s] lamp"]}', [("lee", "a"), ("hall", "b")])
    assert meanings(found.grammar, "turn on lee's lamp") == [("Light", {"name": "a"})]
    assert meanings(found.grammar, "turn on the hall lamp") == [("Light", {"name": "b"})]
    with pytest.raises(SentencesError, match='nobody knows how this word sounds: "hall\'s"'):
        compiled("intents: {Light: [turn on hall's lamp]}", [("hall", "b")])


def test_what_a_file_says_of_sounds_and_values_holds_too() -> None:
    more = "lists: {name: {values: [{in: fan, out: own}]}}\npronunciations: {kaylee's: ['kay lee']}\n"
    found = compiled(LIGHT + more, [("Kaylee's lamp", "light.kaylee")])
    assert (found.names, found.left_out) == (1, ())
    assert meanings(found.grammar, "turn on kaylee's lamp") == [("Light", {"name": "light.kaylee"})]
    assert meanings(found.grammar, "turn on fan") == [("Light", {"name": "own"})]
    ranged = compiled(LIGHT + "lists: {name: {range: {from: 1, to: 2}}}\n", [("lamp", "x")])
    assert meanings(ranged.grammar, "turn on two") == [("Light", {"name": 2})]
    assert meanings(ranged.grammar, "turn on lamp") == []


def test_names_are_divided_into_words_where_there_are_no_spaces() -> None:
    known = SomeWords("打开 客厅 的 灯")
    found = compiled("intents: {L: ['打开{name}']}", [("客厅的灯", "a"), ("萄灯", "b")], known, "zh")
    assert (found.names, found.left_out) == (1, ("萄灯",))
    assert meanings(found.grammar, "打开 客厅 的 灯") == [("L", {"name": "a"})]


def test_without_any_what_needs_one_is_not_said() -> None:
    assert meanings(compiled(LIGHT, []).grammar, "turn on all") == [("Light", {})]
    with pytest.raises(NothingSaidError):
        compiled("intents: {Light: ['turn on {name}']}", [("xqzzy", "x")])
