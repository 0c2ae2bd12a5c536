"""Sentences of a grammar, heard in scores that are made by hand."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.asr.grammar import Grammar, Token, understood
from edge_asr.asr.kaldi.command_search import CommandGraphs, CommandSearch
from edge_asr.asr.kaldi.grammar_graph import grammar_graph, pronunciations, unknown_words
from edge_asr.asr.kaldi.lexicon import Lexicon
from edge_asr.errors import ModelError
from tests.asr.kaldi import made_lexicon as made
from tests.asr.kaldi.sentence_list import of_sentences

# run a red|bad door|gate [on]
SENTENCES = [
    f"run a {colour} {thing}{on}" for colour in ("red", "bad") for thing in ("door", "gate") for on in ("", " on")
]


def graphs(lexicon: Lexicon, sentences: list[str] = SENTENCES) -> CommandGraphs:
    return CommandGraphs(of_sentences(sentences), lexicon, made.labels())


def heard(of: CommandGraphs, phones: list[int], step: int = 1000) -> tuple[str, float]:
    """What was heard in these phones, given in steps of so many frames, and its excess."""
    search, scores = CommandSearch(of), made.said(phones)
    for begin in range(0, len(scores), step):
        search.advance(scores[begin : begin + step])
    path = search.sentence()
    return " ".join(of.grammar.tokens[number].word for number in path.words), search.excess(path, search.free())


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    return made.lexicon(tmp_path_factory.mktemp("lexicon"))


@pytest.fixture(scope="module")
def known(lexicon: Lexicon) -> CommandGraphs:
    return graphs(lexicon)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("silence", [True, False])
def test_each_sentence_is_heard_with_and_without_silence_around_it(
    sentence: str, silence: bool, known: CommandGraphs
) -> None:
    text, excess = heard(known, made.utterance(sentence, silence=silence))
    assert text == sentence
    assert excess < 0.1


def test_silence_may_be_between_any_two_words(known: CommandGraphs) -> None:
    spoken = [made.phones(made.WORDS[word][0]) for word in ("run", "a", "red", "door")]
    apart = [made.SILENCE, *itertools.chain.from_iterable((*word, made.SILENCE) for word in spoken)]
    assert heard(known, apart)[0] == "run a red door"


@given(words=st.lists(st.sampled_from(sorted(made.WORDS)), min_size=2, max_size=6))
def test_what_is_no_sentence_fits_worse_than_any_that_is(words: list[str], known: CommandGraphs) -> None:
    """An `a` too many or too few is no more than a slip of the tongue."""
    said = " ".join(words)
    _, excess = heard(known, made.utterance(said))
    if said in SENTENCES:
        assert excess < -0.2
    elif _without_a(said) not in map(_without_a, SENTENCES):
        assert excess > 0.0, said


def _without_a(sentence: str) -> str:
    return " ".join(word for word in sentence.split() if word != "a")


def test_half_a_sentence_is_none(known: CommandGraphs) -> None:
    assert heard(known, [made.SILENCE])[1] == math.inf
    assert heard(known, made.utterance("run a"))[1] > 1.0


@given(step=st.integers(1, 40))
def test_any_cutting_into_chunks_gives_the_same(step: int, known: CommandGraphs) -> None:
    phones = made.utterance("run a bad gate on")
    assert heard(known, phones, step) == heard(known, phones)


def test_every_way_to_say_a_word_is_heard(known: CommandGraphs) -> None:
    other = [*made.utterance("run a red", silence=False), *made.phones("gat"), made.SILENCE]
    assert heard(known, other)[0] == "run a red gate"


def test_a_word_that_the_lexicon_lacks_sounds_as_it_is_told_to(lexicon: Lexicon) -> None:
    unknown = of_sentences(["run runa"])
    assert unknown_words(unknown, lexicon) == ["runa"]
    with pytest.raises(ModelError, match="nobody knows how these words sound: runa"):
        grammar_graph(unknown, lexicon)
    told = of_sentences(["run runa"], {"runa": (("run", "a"), ("red",))})
    assert pronunciations("runa", told, lexicon) == [made.phones("runa"), made.phones("red")]
    of = CommandGraphs(told, lexicon, made.labels())
    assert heard(of, [*made.phones("run"), *made.phones("runa")])[0] == "run runa"
    assert heard(of, [*made.phones("run"), *made.phones("red")])[0] == "run runa"


def test_a_grammar_without_a_sentence_is_refused(lexicon: Lexicon) -> None:
    for empty in (Grammar((Token(""),), (), frozenset()), Grammar((Token(""), Token("a")), ((0, 1, 1),), frozenset())):
        with pytest.raises(ModelError, match="the list of sentences is empty"):
            grammar_graph(empty, lexicon)


def test_sentences_that_begin_alike_share_their_beginning(lexicon: Lexicon) -> None:
    one, all_of_them = (
        grammar_graph(of_sentences(SENTENCES[:1], intent="run"), lexicon),
        grammar_graph(of_sentences(SENTENCES, intent="run"), lexicon),
    )
    assert all_of_them.states < 3 * one.states


def test_the_filler_of_earlier_sentences_serves_the_next(lexicon: Lexicon, known: CommandGraphs) -> None:
    again = CommandGraphs(of_sentences(["red door"]), lexicon, made.labels(), known.filler)
    assert again.filler is known.filler
    assert heard(again, made.utterance("red door"))[1] < 0.1


def test_a_command_has_intent_and_slots() -> None:
    tokens = [
        Token("run", intent="Run", fixed=(("domain", "house"),)),
        Token("a"),
        Token("red", slot="colour", value="#f00", begins=True),
        Token("front", slot="thing", value=7, begins=True),
        Token("door", slot="thing", value=7),
        Token("red", slot="other", value="x", begins=True),
        Token("red", slot="other", value="y", begins=True),
    ]
    command = understood(tokens, [1.0, 1.0, 0.8, 0.6, 0.4, 0.5, 0.5], -0.2)
    assert (command.intent, command.excess) == ("Run", -0.2)
    assert {name: (slot.value, slot.text) for name, slot in command.slots.items()} == {
        "domain": ("house", ""),
        "colour": ("#f00", "red"),
        "thing": (7, "front door"),
        "other": ("y", "red"),
    }
    assert command.slots["thing"].confidence == pytest.approx(0.5)
    assert command.confidence == pytest.approx(4.8 / 7)
