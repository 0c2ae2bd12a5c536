"""The words of one utterance's paths, read as they are although most of them are kept from path to path."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.asr.kaldi.confidence import Certainty, word_confidence
from edge_asr.asr.kaldi.path_words import PathWords
from edge_asr.asr.kaldi.search import BestPath
from edge_asr.asr.kaldi.words import WordTable
from edge_asr.asr.result import Word
from edge_asr.asr.script import glued
from tests.asr.kaldi.test_labels import LABELS, path

OUTPUT_S = 0.03
TABLE = WordTable({0: "<eps>", 1: "[unk]", 2: "bye", 3: "hi", 4: "中", 5: "国"})
FRAMES = 200


@pytest.fixture
def words() -> PathWords:
    return PathWords(TABLE, LABELS, OUTPUT_S)


def certainty() -> Certainty:
    found = Certainty()
    found.add(np.random.default_rng(1).normal(0, 2, (FRAMES, 5)).astype(np.float32))
    return found


def said(labels: str, *numbers: int) -> BestPath:
    return BestPath(path(labels), list(numbers))


def plain(one: BestPath, sure: Certainty) -> list[Word]:
    """Read with nothing kept."""
    along, spans, told = sure.along(LABELS.pdf_of_label[one.labels]), LABELS.word_spans(one.labels), list[Word]()
    for place, number in enumerate(one.words):
        begin, end = spans[place] if place < len(spans) else (len(one.labels),) * 2
        if TABLE.spoken[number] and (end - begin) * OUTPUT_S <= 2.5:
            joined = bool(told) and glued(told[-1].word, TABLE[number])
            confidence = word_confidence(along[begin:end])
            told.append(Word(TABLE[number], begin * OUTPUT_S, end * OUTPUT_S, confidence, joined))
    return told


word = st.tuples(st.sampled_from(["89", "8999", "3456", "34445677", "1", "122"]), st.integers(1, 5))


@given(st.lists(st.tuples(st.lists(word, max_size=6), st.lists(st.integers(1, 5), max_size=2)), min_size=1, max_size=6))
def test_finals_are_read_anew_and_partials_have_the_words_of_now(
    paths: list[tuple[list[tuple[str, int]], list[int]]],
) -> None:
    words, sure = PathWords(TABLE, LABELS, OUTPUT_S), certainty()
    for parts, unheard in paths:
        numbers = [number for labels, number in parts if labels[0] != "1"]
        one = said("".join(labels for labels, _ in parts), *numbers, *unheard)
        wanted = plain(one, sure)
        partial = words.read(one, sure, last=False)
        assert [(w.word, w.start_s, w.end_s, w.glued) for w in partial] == [
            (w.word, w.start_s, w.end_s, w.glued) for w in wanted
        ]
        assert list(words.read(one, sure, last=True)) == wanted


def test_a_word_that_stays_where_it_was_is_kept_and_one_that_has_gone_is_not(words: PathWords) -> None:
    sure = certainty()
    first = words.read(said("345689", 2, 3), sure, last=False)
    again = words.read(said("34568999", 2, 3), sure, last=False)
    assert again[0] is first[0]
    assert again[1].end_s == 8 * OUTPUT_S  # it goes on
    words.read(said("3456", 2), sure, last=False)
    assert words.read(said("34568999", 2, 3), sure, last=False)[1] is not again[1]


def test_other_sounds_in_one_place_count_at_the_end(words: PathWords) -> None:
    sure = certainty()
    before = words.read(said("345567", 2), sure, last=False)
    other = said("344567", 2)
    assert words.read(other, sure, last=False)[0] is before[0]
    [final] = words.read(other, sure, last=True)
    assert final == plain(other, sure)[0]
    assert final.confidence != before[0].confidence


def test_what_stands_before_a_word_decides_whether_it_is_glued(words: PathWords) -> None:
    sure = certainty()
    for before, joined in ((3, False), (4, True), (2, False)):
        assert words.read(said("8989", before, 5), sure, last=False)[1].glued is joined


def test_another_word_in_the_same_place_is_another_word(words: PathWords) -> None:
    sure = certainty()
    for number, text in ((2, "bye"), (3, "hi"), (2, "bye")):
        assert [w.word for w in words.read(said("8999", number), sure, last=False)] == [text]


def test_words_whose_sounds_are_still_to_come_are_there_each_of_them(words: PathWords) -> None:
    told = words.read(said("899", 2, 3, 3, 3), certainty(), last=True)
    assert [w.word for w in told] == ["bye", "hi", "hi", "hi"]
    assert [(w.start_s, w.end_s, w.confidence) for w in told[1:]] == [(3 * OUTPUT_S, 3 * OUTPUT_S, 0.0)] * 3


def test_marks_and_what_lasts_too_long_are_no_words(words: PathWords) -> None:
    sure = certainty()
    assert [w.word for w in words.read(said("8" + "9" * 82 + "89", 2, 3), sure, last=True)] == ["bye", "hi"]
    assert [w.word for w in words.read(said("8" + "9" * 83 + "89", 2, 3), sure, last=True)] == ["hi"]
    assert [w.word for w in words.read(said("8989", 1, 3), sure, last=True)] == ["hi"]
