"""What is called stable: agreed on by three hypotheses in a row, less the last word."""

from hypothesis import given
from hypothesis import strategies as st

from edge_asr.asr.result import Hypothesis, Word
from edge_asr.asr.stable import StablePrefix


def said(text: str, *, glued: bool = False) -> Hypothesis:
    return Hypothesis(tuple(Word(word, 0.0, 0.0, 0.9, glued=glued) for word in text.split()), 1.0, 0.0, timed=False)


def stable(*texts: str) -> list[str]:
    prefix = StablePrefix()
    return [said(text).text[: prefix.accept(said(text))] for text in texts]


def test_three_that_agree_make_all_but_the_last_word_stable() -> None:
    assert stable("turn on", "turn on the", "turn on the light", "turn on the lights") == ["", "", "turn", "turn on"]


def test_who_says_it_twice_only_is_not_believed() -> None:
    assert stable("a b c", "a x c", "a b c", "a b c") == ["", "", "", ""]
    assert stable("a b c", "a x c", "a b c", "a b c", "a b c d")[-1] == "a b"


def test_what_is_withdrawn_is_not_stable() -> None:
    assert stable("huh", "huh", "huh", "")[-1] == ""


def test_glued_words_are_counted_without_spaces() -> None:
    prefix = StablePrefix()
    heard = said("你 好 吗", glued=True)
    assert [prefix.accept(heard) for _ in range(3)] == [0, 0, 2]


@given(st.lists(st.lists(st.sampled_from(["a", "bb", "ccc"]), max_size=5), max_size=8))
def test_it_is_always_a_prefix_that_ends_with_a_whole_word(texts: list[list[str]]) -> None:
    for text, found in zip(texts, stable(*map(" ".join, texts)), strict=True):
        assert text[: len(found.split())] == found.split()
