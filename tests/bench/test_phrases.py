"""A grammar as a list of phrases, and texts as its sentences."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.asr.grammar import Grammar, Token
from edge_asr.bench.phrases import Phrases
from tests.sentences.accepting import compiled, said

HOUSE = """
language: en
intents:
  heat: {data: [{sentences: ["[please] (set|put) the heating to {degrees}"]}]}
  "off": {data: [{sentences: ["off", "everything off [now]"]}]}
lists:
  degrees: {range: {from: 18, to: 22}}
"""


def pairs(texts: list[str]) -> set[tuple[str, str]]:
    return {pair for text in texts for pair in pairwise(["", *text.split(), ""])}


def test_every_pair_of_words_of_any_sentence_is_in_the_list() -> None:
    grammar = compiled(HOUSE).grammar
    phrases = Phrases(grammar)
    listed, every = phrases.covering(), list(said(grammar, 1000))
    assert pairs(listed) == pairs(every)
    assert set(listed) <= set(every)
    assert len(listed) < len(every)


def test_a_text_is_the_sentence_that_it_says() -> None:
    phrases = Phrases(compiled(HOUSE).grammar)
    command = phrases.meaning("please put the heating to nineteen")
    assert command is not None
    assert (command.intent, command.slots["degrees"].value) == ("heat", 19)
    off = phrases.meaning("everything off")
    assert off is not None
    assert off.intent == "off"


@pytest.mark.parametrize("text", ["", "put the heating", "off now", "heating to nineteen", "[unk]"])
def test_what_is_no_sentence_has_no_meaning(text: str) -> None:
    assert Phrases(compiled(HOUSE).grammar).meaning(text) is None


@st.composite
def grammars(draw: st.DrawFn) -> Grammar:
    tokens = (Token(""), *(Token(word) for word in "abc"))
    states = draw(st.integers(2, 6))
    arc = st.tuples(st.integers(0, states - 2), st.integers(0, 3), st.integers(1, states - 1))
    forward = arc.filter(lambda one: one[0] < one[2])
    return Grammar(tokens, tuple(draw(st.lists(forward, min_size=1, max_size=12))), frozenset([states - 1]))


@given(grammars())
def test_of_any_grammar(grammar: Grammar) -> None:
    phrases, every = Phrases(grammar), [text for text in said(grammar, 10_000) if text]
    listed = phrases.covering()
    assert pairs(listed) == pairs(every)
    assert all(phrases.meaning(text) is not None for text in every)
    assert set(listed) <= set(every)
