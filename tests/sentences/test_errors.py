"""Whatever is wrong in a file is one line with its place and what mends it."""

from pathlib import Path

import pytest

from edge_asr.errors import SentencesError
from edge_asr.sentences.compiled import compile_files
from tests.sentences.accepting import AllWords, SomeWords, compiled, plain

HEAD = "language: en\nintents:\n  Light:\n    data:\n      - sentences:\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + '          - "turn (on|off the light"\n', r"house.yaml:6:19: '\(' is never closed; write '\)'"),
        (HEAD + '          - "turn on] the light"\n', r"house.yaml:6:21: '\]' closes nothing; write '\[' before it"),
        (HEAD + '          - "turn (on] the light"\n', r"house.yaml:6:22: '\]' closes nothing, and '\(' is still open"),
        (
            HEAD + '          - "dim {room to"\n',
            r"house.yaml:6:18: '{' is never closed; write '}' behind the name of a",
        ),
        (HEAD + '          - "dim {ro[om} to"\n', r"house.yaml:6:18: '{' is never closed"),
        (HEAD + '          - "dim <> to"\n', r"house.yaml:6:18: nothing stands between '<' and '>'"),
        (HEAD + "          - dim () to\n", r"house.yaml:6:17: nothing stands between '\(' and '\)'"),
        (HEAD + '          - "dim \\\\"\n', r"house.yaml:6:18: a backslash stands at the end"),
        (HEAD + f'          - "{"(" * 31}a{")" * 31}"\n', r"house.yaml:6:44: brackets stand 31 deep"),
        (
            HEAD + '          - "dim {rom}"\nlists: {room: {values: [hall]}}\n',
            r"house.yaml:6:14: there is no list {rom}; .*'room'",
        ),
        (HEAD + '          - "dim {name}"\n', "no list {name}; .* Home Assistant fills it itself"),
        (
            HEAD + '          - "dim <rom>"\n',
            "house.yaml:6:14: there is no rule <rom>; define it under expansion_rules",
        ),
        (
            HEAD + '          - "<a>"\nexpansion_rules:\n  a: "one <b>"\n  b: "two <a>"\n',
            r"house.yaml:8:7: the rule <a> needs itself: <a> -> <b> -> <a>",
        ),
        (
            HEAD + '          - "{a}"\nlists:\n  a: {values: [{in: "one {a}", out: 1}]}\n',
            r"house.yaml:8:3: the list {a} needs itself",
        ),
        (HEAD + '          - "(a;b;c;d;e;f;g)"\n', r"house.yaml:6:14: 7 parts stand in any order.* at most 6"),
        (HEAD + '          - "say {words}"\nlists: {words: {wildcard: true}}\n', "the list {words} is a wildcard"),
        (
            HEAD + "          - turn on\n  Light:\n    data: []\n",
            "house.yaml:7:3: 'Light' is defined twice in intents, first at",
        ),
        (HEAD + "          - [turn on]\n", "house.yaml:6:13: a list stands for a sentence; expected text; quote it"),
        (HEAD + "          - {room} on\n", "house.yaml:6:20: this is no YAML"),
        (HEAD + "          - ''\n", "house.yaml:6:14: a sentence is empty"),
        ("intents: [a]\n", "house.yaml:1:10: a list stands for intents; expected `name: value` lines"),
        ("- a\n", "house.yaml:1:1: a list stands for the file"),
        ("", "house.yaml:1:1: the file is empty; expected `intents:`"),
        ("# nothing\n", "house.yaml:1:1: the file is empty"),
        (
            "intents:\n  Light:\n    data:\n      - sentence: [a]\n",
            "house.yaml:4:9: 'sentence' is unknown .*'sentences'",
        ),
        ("intents:\n  Light: {}\n", "house.yaml:2:3: the intent 'Light' has no sentences"),
        ("intents:\n  Light: {data: [{}]}\n", "house.yaml:2:18: data of the intent 'Light' have no sentences"),
        ("intent:\n  Light: [a]\n", "house.yaml:1:1: 'intent' is unknown in the file; did you mean 'intents'"),
        (
            "language: de\nintents: {L: [an]}\n",
            "house.yaml:1:11: the sentences are in the language 'de', and the model hears",
        ),
        ("intents: {L: [a]}\nlists: {n: {range: {from: 5, to: 1}}}\n", "goes from 5 to 1 by 1; expected up"),
        (
            "intents: {L: [a]}\nlists: {n: {range: {from: a, to: 1}}}\n",
            "2:27: 'a' stands for from in the range .*number",
        ),
        ("intents: {L: [a]}\nlists: {n: {range: {from: 0, to: 999999}}}\n", "holds 1000000 numbers; expected at most"),
        ("intents: {L: [a]}\nlists: {n: {values: [{out: 1}]}}\n", "2:22: a value of .* does not say what is spoken"),
        ("intents: {L: [a]}\nlists: {n: {}}\n", "2:9: the list 'n' has neither values nor a range"),
        (
            "intents: {L: [a]}\npronunciations: {kay lee: [kay]}\n",
            "2:28: 'kay lee' is to be pronounced; expected one word",
        ),
        ("intents: {L: [a]}\nexpansion_rules: {r: 'a ['}\n", r"2:25: '\[' is never closed"),
        ("intents: &a\n  L: *a\n", "house.yaml:2:3: 'L' is unknown in the intent 'L'"),
        ("intents: {L: [a]}\nlists: {n: {values: [{in: a, out: &o [*o]}]}}\n", "2:35: `out` in .* is nested too deep"),
        ("intents: {L: ['hello']}\nskip_words: [{}]\n", "2:14: a mapping stands for a skip word"),
        ("a: \x07\n", "house.yaml: this is no YAML"),
        ("[" * 100_000, "house.yaml:1:1001: this is no YAML: exceeded maximum nesting depth"),
        ("- " * 100_000, "house.yaml:1:1999: this is no YAML: exceeded maximum nesting depth"),
    ],
)
def test_one_line_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SentencesError, match=said) as error:
        compiled(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("turn on\n = the light\n", "house.txt:2:2: no intent stands before '='"),
        ("turn on\nlight =  # nothing\n", "house.txt:2:7: no sentence stands behind '='"),
        ("\nlight = turn (on\n", r"house.txt:2:14: '\(' is never closed"),
        ("# nothing\n\n", "house.txt: there are no sentences"),
        ("light = {nothing}\n", "house.txt:1:9: there is no list {nothing}"),
    ],
)
def test_of_a_plain_list_too(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SentencesError, match=said):
        plain(tmp_path, text)


def test_of_files(tmp_path: Path) -> None:
    with pytest.raises(SentencesError, match=r"nothing\.txt cannot be read: No such file"):
        compile_files([tmp_path / "nothing.txt"], AllWords(), "en")
    with pytest.raises(SentencesError, match="the folder holds no sentences"):
        compile_files([tmp_path], AllWords(), "en")
    (tmp_path / "house.txt").write_bytes(b"turn \xff on")
    with pytest.raises(SentencesError, match="is not UTF-8 text at byte 5; save it as UTF-8"):
        compile_files([tmp_path], AllWords(), "en")
    (tmp_path / "house.txt").write_text("turn on\n")
    (tmp_path / "one.yaml").write_text("lists: {room: {values: [hall]}}\n")
    (tmp_path / "two.yaml").write_text("lists: {room: {values: [kitchen]}}\n")
    with pytest.raises(SentencesError, match=r"two.yaml:1:9: the list 'room' is defined already, at .*one.yaml:1:9"):
        compile_files([tmp_path], AllWords(), "en")


def test_all_unknown_words_are_told_at_once_with_what_was_maybe_meant(tmp_path: Path) -> None:
    known = SomeWords("turn on the light kitchen living room kay lee")
    with pytest.raises(SentencesError) as error:
        plain(tmp_path, "turn on the kichen light\nfoo = turn on the livingroom\n\nturn on {colour} kaylee\n", known)
    told = str(error.value)
    assert "'kichen' at " in told
    assert "house.txt:1:1 (near: kitchen)" in told
    assert "'livingroom' at " in told
    assert "house.txt:2:7 (near: living, living room)" in told
    assert "'white' at en.yaml:" in told
    assert "pronunciations: {kichen:" in told


def test_phones_between_slashes_must_be_phones() -> None:
    known = SomeWords("hello bah")
    text = "intents: {L: [hello roomba]}\npronunciations: {roomba: ['/R UW  M/ bah', '/R XX/']}\n"
    with pytest.raises(SentencesError) as error:
        compiled(text, known)
    assert str(error.value) == "house.yaml:2:28: /R UW M/: there are none"
    sounds = compiled(text, AllWords()).grammar.sounds
    assert sounds == {"roomba": (("/R UW M/", "bah"), ("/R XX/",))}


def test_pronunciations_must_be_of_known_words() -> None:
    known = SomeWords("hello kay lee")
    with pytest.raises(SentencesError, match=r"'keigh' at house.yaml:2:28"):
        compiled("intents: {L: [hello kaylee]}\npronunciations: {kaylee: ['keigh lee']}\n", known)
    sounds = compiled(
        "intents: {L: [hello Kaylee]}\npronunciations: {KayLee: 'kay lee', x: lee}\n", known
    ).grammar.sounds
    assert sounds == {"kaylee": (("kay", "lee"),)}


def test_what_can_never_be_said_is_an_error_only_when_it_is_all() -> None:
    lists = "lists: {none: {values: []}}\n"
    with pytest.raises(
        SentencesError, match=r"none of the sentences can be said.*'say {none}'.*the list {none} is empty"
    ):
        compiled("intents: {L: ['say {none}']}\n" + lists)
    doubts = compiled("intents: {L: ['say {none}', say it, '[please]']}\nexpansion_rules: {idle: a}\n" + lists).doubts
    assert [doubt.split(": ", 1)[1] for doubt in doubts] == [
        "'say {none}' can never be said: there are no words for it",
        "the list {none} is empty, what needs it cannot be said",
        "the rule <idle> is used by no sentence",
    ]
