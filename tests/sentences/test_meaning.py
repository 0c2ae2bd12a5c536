"""What sentences mean: slots, what they always have, what is left out, what is said before and behind."""

from pathlib import Path

import pytest

from edge_asr.sentences.compiled import compile_files
from tests.sentences.accepting import AllWords, SomeWords, compiled, meanings, plain

HOUSE = """
language: en-GB
intents:
  Light:
    data:
      - sentences:
          - "turn (on|off:state) the {room} light[s]"
          - "<turn> [the] light[s] in [the] {room}"
        slots: {domain: light, kinds: [a, 2], level: 3}
        response: done
      - sentences: ["dim [to] {percent:level} please"]
        lists: {percent: {values: [half]}}
        requires_context: {area: {slot: true}}
  Short:
    - "good night[,] house!"
lists:
  room:
    values:
      - kitchen
      - {in: "living[ ]room|lounge", out: living_room}
      - "[the] bed(room| chamber)"
      - {in: hall, context: {domain: cover}}
  state: {values: [{in: "on", out: true}, {in: "off", out: false}]}
expansion_rules: {turn: "(turn|switch) {state}"}
skip_words: [please, could you]
responses: {errors: {}}
""".replace("(on|off:state)", "{state}")
FIXED = {"domain": "light", "kinds": "a, 2", "level": 3}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("turn on the kitchen light", ("Light", {**FIXED, "state": True, "room": "kitchen"})),
        ("turn off the living room lights", ("Light", {**FIXED, "state": False, "room": "living_room"})),
        ("switch off lights in the lounge", ("Light", {**FIXED, "state": False, "room": "living_room"})),
        ("switch off lights in the bed chamber", ("Light", {**FIXED, "state": False, "room": "the bed chamber"})),
        ("please could you turn on the hall light please", ("Light", {**FIXED, "state": True, "room": "hall"})),
        ("dim half please", ("Light", {"level": "half"})),
        ("good night house", ("Short", {})),
    ],
)
def test_a_sentence_has_its_intent_and_slots(text: str, meaning: tuple[str, object]) -> None:
    assert meaning in meanings(compiled(HOUSE).grammar, text)


@pytest.mark.parametrize("text", ["please", "turn the kitchen light", "turn on", "dim fifty percent please", ""])
def test_other_words_are_none(text: str) -> None:
    assert meanings(compiled(HOUSE).grammar, text) == []


def test_what_a_value_says_of_its_context_must_fit_the_block() -> None:
    house = HOUSE.replace("        response: done", "        requires_context: {domain: light}")
    assert not meanings(compiled(house).grammar, "turn on the hall light")
    house = HOUSE.replace("        response: done", "        excludes_context: {domain: [cover, lock]}")
    assert not meanings(compiled(house).grammar, "turn on the hall light")
    assert meanings(compiled(house).grammar, "turn on the kitchen light")


def test_a_plain_list_names_its_intents_or_takes_the_sentences(tmp_path: Path) -> None:
    text = "\ufeff# at home\nTurn on  the light # now\ngood night = (good|sleep) night\n"
    text += "good night = bye\nset it to {percent}\n"
    found = plain(tmp_path, text)
    assert meanings(found.grammar, "turn on the light") == [("Turn on the light", {})]
    assert meanings(found.grammar, "sleep night") == meanings(found.grammar, "bye") == [("good night", {})]
    assert meanings(found.grammar, "set it to fifty percent") == [("set it to {percent}", {"percent": 50})]
    assert (found.templates, found.intents, found.expansions) == (4, 3, 1 + 2 + 1 + 2 * (101 + 1))  # also "a hundred"


def test_sentences_that_begin_alike_share_their_words_and_keep_their_meanings(tmp_path: Path) -> None:
    found = plain(tmp_path, "a b c\na b d\na b\nx = a b\ny = e f g h\n")
    assert meanings(found.grammar, "a b") == [("a b", {}), ("x", {})]
    assert meanings(found.grammar, "a b c") == [("a b c", {})]
    assert meanings(found.grammar, "e f g h") == [("y", {})]
    assert meanings(found.grammar, "e f g") == []


def test_its_own_intent_is_the_sentence_as_written_whatever_is_said_around_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("turn on the light\nGood night!\n")
    (tmp_path / "b.yaml").write_text("skip_words: [please]\n")
    grammar = compile_files([tmp_path], AllWords(), "en").grammar
    assert meanings(grammar, "please turn on the light please") == [("turn on the light", {})]
    assert meanings(grammar, "good night") == [("Good night!", {})]


def test_two_slots_in_one_word_are_both_given() -> None:
    text = "intents: {L: ['go {a}{b} now']}\nlists: {a: {values: [x, y]}, b: {values: [v, w]}}\n"
    assert meanings(compiled(text).grammar, "go yv now") == [("L", {"a": "y", "b": "v"})]


def test_a_list_within_a_value_fills_both_slots() -> None:
    lists = "lists: {a: {values: [{in: 'to {b} street', out: 1}]}, b: {values: [main, high]}}"
    text = f"intents: {{L: ['go {{a}} now']}}\n{lists}\n"
    assert meanings(compiled(text).grammar, "go to high street now") == [("L", {"a": 1, "b": "high"})]


def test_a_slot_in_which_nothing_is_said_is_not_filled() -> None:
    text = "intents: {L: ['go {a} now', 'go now']}\nlists: {a: {values: [{in: '[fast]', out: 1}]}}\n"
    assert meanings(compiled(text).grammar, "go now") == [("L", {})]


def test_lists_may_come_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("light = turn on {name}\n")
    more = {"name": [("Kaylee's [new] lamp", "light.kaylee"), ("fan", "fan.hall")]}
    grammar = compile_files([tmp_path], AllWords(), "en", more).grammar
    assert meanings(grammar, "turn on kaylee's new lamp") == [("light", {"name": "light.kaylee"})]


def test_folders_and_files_are_put_together(tmp_path: Path) -> None:
    inside = tmp_path / "en"
    inside.mkdir()
    (inside / "a.yaml").write_text("intents: {Light: ['turn {state} it']}\n")
    (inside / "b.yml").write_text("lists: {state: {values: [up, down]}}\nintents: {Light: [bye]}\n")
    (inside / "c.txt").write_text("hello\n")
    (inside / "notes.md").write_text("(((\n")
    grammar = compile_files([tmp_path, inside / "a.yaml"], AllWords(), "en").grammar
    assert meanings(grammar, "turn down it") == [("Light", {"state": "down"})]
    assert meanings(grammar, "bye") == [("Light", {})]
    assert meanings(grammar, "hello") == [("hello", {})]


def test_words_are_spelled_as_the_lexicon_has_them(tmp_path: Path) -> None:
    words = "i'd wifi set the air conditioner's plug to two hundred and three d fifty percent degrees kaylees"
    text = "I’d set THE Wi-Fi to 2!\nset the air-conditioner's plug, to 50 %.\n"
    text += "set the (3D) plug to 203°\nset kaylee's plug\n"
    grammar = plain(tmp_path, text, SomeWords(words)).grammar
    assert meanings(grammar, "i'd set the wifi to two")
    assert meanings(grammar, "set the air conditioner's plug to fifty percent")
    assert meanings(grammar, "set the three d plug to two hundred and three degrees")
    assert meanings(grammar, "set kaylees plug")


def test_a_told_pronunciation_goes_before_all_spelling() -> None:
    known = SomeWords("go wi fi why five")
    found = compiled("intents: {L: [go wi-fi]}\npronunciations: {Wi-Fi: [why fi, why five]}\n", known)
    assert meanings(found.grammar, "go wi-fi") == [("L", {})]
    assert found.grammar.sounds == {"wi-fi": (("why", "fi"), ("why", "five"))}
