"""Sentences in a tree: each with all its meanings, no other, and no state that two beginnings could share."""

from hypothesis import given
from hypothesis import strategies as st

from edge_asr.asr.grammar import understood
from edge_asr.sentences.acceptor import Acceptor
from edge_asr.sentences.sentence_tree import SentenceTree
from tests.sentences.accepting import meanings, said

WORDS = st.lists(st.sampled_from("abc"), min_size=1, max_size=4)
MEANINGS = st.sampled_from([None, ("one", ()), ("two", ()), ("two", (("room", "hall"),))])


@given(sentences=st.lists(st.tuples(WORDS, MEANINGS), max_size=12))
def test_each_sentence_means_what_it_was_given(
    sentences: list[tuple[list[str], tuple[str, tuple[tuple[str, str], ...]] | None]],
) -> None:
    tree, acceptor = SentenceTree(), Acceptor()
    for words, meaning in sentences:
        tree.add(words, meaning)
    tree.add_to(acceptor)
    grammar = acceptor.grammar({})
    given_meanings: dict[str, set[str]] = {}
    for words, meaning in sentences:
        text = " ".join(words)
        intent, slots = meaning if meaning is not None else (text, ())
        given_meanings.setdefault(text, set()).add(str((intent, dict(slots))))
    assert set(said(grammar, 100)) == given_meanings.keys()
    for text, wanted in given_meanings.items():
        assert {str(one) for one in meanings(grammar, text)} == wanted
    beginnings = {tuple(words[:length]) for words, _ in sentences for length in range(1, len(words))}
    assert acceptor.states == 2 + len(beginnings)


def test_the_first_word_behind_which_one_meaning_is_left_tells_it() -> None:
    tree, acceptor = SentenceTree(), Acceptor()
    for text, intent in (("a b c", "one"), ("a b b", "one"), ("a c", "two")):
        tree.add(text.split(), (intent, ()))
    tree.add_to(acceptor)
    told = {(token.word, token.intent) for token in acceptor.tokens}
    assert told == {("a", None), ("b", "one"), ("c", None), ("b", None), ("c", "two")}
    assert understood([next(iter(acceptor.tokens))], [1.0], 0.0).slots == {}
