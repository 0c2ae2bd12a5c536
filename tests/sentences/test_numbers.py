"""Numbers, shares, degrees, times and colours, in both languages."""

import pytest

from edge_asr.errors import SentencesError
from edge_asr.sentences.files import ready_made
from edge_asr.sentences.numbers import ways
from tests.sentences.accepting import compiled, meanings


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (7, {"seven"}),
        (21, {"twenty one"}),
        (-5, {"minus five"}),
        (100, {"one hundred", "a hundred"}),
        (102, {"one hundred two", "one hundred and two", "a hundred two", "a hundred and two"}),
        (21.5, {"twenty one point five", "twenty one and a half"}),
    ],
)
def test_english(number: float, said: set[str]) -> None:
    assert set(ways(number, "en")) == said


@pytest.mark.parametrize(
    ("number", "said"), [(2, {"二", "两"}), (21, {"二十一"}), (200, {"二百", "两百"}), (0, {"零"})]
)
def test_chinese(number: float, said: set[str]) -> None:
    assert set(ways(number, "zh")) == said


def test_a_language_without_numbers_says_so() -> None:
    with pytest.raises(SentencesError, match="nobody here knows the numbers of the language 'xx'; write them out"):
        ways(1, "xx")


@pytest.mark.parametrize(
    ("slot", "said", "value"),
    [
        ("number", "twenty three", 23),
        ("percent", "fifty percent", 50),
        ("percent", "a hundred", 100),
        ("temperature", "minus ten degrees celsius", -10),
        ("temperature", "seventy degrees", 70),
        ("temperature_halves", "twenty one and a half degrees", 21.5),
        ("time", "seven", "07:00"),
        ("time", "seven o'clock in the evening", "19:00"),
        ("time", "half past seven", "07:30"),
        ("time", "a quarter to twelve p m", "23:45"),
        ("time", "quarter to one a m", "00:45"),
        ("time", "twenty to eight", "07:40"),
        ("time", "seven oh five", "07:05"),
        ("time", "twenty two fifty five", "22:55"),
        ("time", "noon", "12:00"),
        ("time", "twelve thirty at night", "00:30"),
        ("colour", "grey", "grey"),
        ("color", "gray", "grey"),
        ("5..10,5:many", "ten", 10),
    ],
)
def test_ready_made_in_english(slot: str, said: str, value: object) -> None:
    name = slot.rpartition(":")[2]
    assert meanings(compiled(f"intents: {{L: ['to {{{slot}}}']}}").grammar, f"to {said}") == [("L", {name: value})]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_list_is_there_in_each_language(language: str) -> None:
    assert set(ready_made(language)) == {
        *("number", "percent", "temperature", "temperature_halves", "time", "colour", "color")
    }
    assert ready_made("de") == {}


def test_a_list_of_the_file_goes_before_the_ready_made() -> None:
    found = compiled("intents: {L: ['to {number}']}\nlists: {number: {values: [many]}}")
    assert (found.words, found.expansions) == (2, 1)


def test_a_multiplier_changes_the_value_and_not_what_is_said() -> None:
    text = "intents: {L: ['to {n}']}\nlists: {n: {range: {from: 10, to: 20, step: 10, multiplier: 2.55}}}"
    assert meanings(compiled(text).grammar, "to twenty") == [("L", {"n": 51.0})]
