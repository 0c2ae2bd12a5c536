"""The acceptor beside the library that the templates are written for: whatever one takes the other takes as well."""

import itertools
import json
from typing import Any

import hassil
from hassil.recognize import recognize_all
from hassil.sample import sample_intents
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from edge_asr.asr.grammar import Grammar, Value
from tests.sentences.accepting import Meaning, compiled, meanings, said

WORDS = ("turn", "on", "off", "the", "light", "kitchen", "please", "set", "to", "dark", "a")
ENDINGS = ("s", "ed", "ing")
LISTS: dict[str, Any] = {
    "room": {
        "values": ["kitchen", {"in": "living[ ]room", "out": "lounge"}, {"in": "(big|small) bath", "out": 7}, "t[w]in"]
    },
    "level": {"range": {"from": 3, "to": 23, "step": 5, "digits": False}},
    "share": {"range": {"from": -1, "to": 1, "fractions": "halves", "digits": False, "multiplier": 10}},
    "state": {"values": [{"in": "on", "out": True}, {"in": "off", "out": False}]},
}
RULES = {"turn": "(turn|switch)[ed] {state}", "there": "in [the] {room:where}", "all": "<turn> [<there>]"}

MOST = 20_000

words = st.sampled_from(WORDS)
slots = st.sampled_from(["{room}", "{level}", "{share:much}", "{state}", "{room:second}"])
rules = st.sampled_from([f"<{name}>" for name in RULES])
glued = st.builds("{}[{}]".format, words, st.sampled_from(ENDINGS))
glued_either = st.builds("{}({}|{})".format, words, st.sampled_from(ENDINGS), st.sampled_from(ENDINGS))


def _composed(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    row = st.lists(parts, min_size=1, max_size=3).map(" ".join)
    return st.one_of(
        row,
        st.builds("[{}]".format, row),
        st.builds("({}|{})".format, row, row),
        st.builds("({};{})".format, row, row),
        st.builds("[{}|{}]".format, row, row),
    )


parts = st.recursive(st.one_of(words, words, slots, rules, glued, glued_either), _composed, max_leaves=6)
templates = st.lists(parts, min_size=1, max_size=4).map(" ".join)


def _house(sentences: list[str], fixed: dict[str, Value] | None = None) -> dict[str, Any]:
    return {
        "language": "en",
        "intents": {"Do": {"data": [{"sentences": sentences, "slots": fixed or {}}]}},
        "lists": LISTS,
        "expansion_rules": RULES,
    }


def _smaller(house: dict[str, Any]) -> Grammar:
    """Our acceptor of a house that is small enough for hassil's sampler, which writes every sentence out."""
    found = compiled(json.dumps(house))
    assume(found.expansions <= MOST)
    return found.grammar


def _heard(intents: hassil.Intents, text: str) -> list[Meaning]:
    found = recognize_all(text, intents)
    return [(one.intent.name, {name: _value(entity.value) for name, entity in one.entities.items()}) for one in found]


def _value(value: Any) -> Any:
    """A value that is the text itself comes with the space behind it."""
    return value.strip() if isinstance(value, str) else value


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(templates, min_size=1, max_size=3))
@example(["(turn on;[the] light) please"])
@example(["set {room} {level} {share:much}"])
def test_what_hassil_samples_is_accepted_with_the_meaning_that_hassil_gives(sentences: list[str]) -> None:
    house = _house(sentences, {"domain": "light"})
    grammar = _smaller(house)
    intents = hassil.Intents.from_dict(house)
    samples = [text.strip() for _, text in itertools.islice(sample_intents(intents, language="en"), 60)]
    assume(any(samples))
    for text in filter(None, samples):
        ours = meanings(grammar, text.replace("-", " "))
        assert ours, text
        theirs = _heard(intents, text)
        assert not theirs or any(one in ours for one in theirs), text


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(templates)
def test_what_is_accepted_means_the_same_to_hassil(sentence: str) -> None:
    house = _house([sentence])
    grammar = _smaller(house)
    intents = hassil.Intents.from_dict(house)
    assume(any(text.strip() for _, text in itertools.islice(sample_intents(intents, language="en"), 60)))
    for text in said(grammar, 40):
        if "and a half" in text:
            continue  # people say so, hassil does not know it
        theirs = _heard(intents, text)
        for meaning in meanings(grammar, text):
            assert meaning in theirs, text
