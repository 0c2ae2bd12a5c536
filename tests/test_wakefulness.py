"""When a sentence counts without the phrase that wakes."""

import pytest

from edge_asr.asr.grammar import Command, Wake
from edge_asr.asr.result import Hypothesis, Word
from edge_asr.wakefulness import Wakefulness

HEY = Word("hey", 0.5, 1.0, 0.9)
LIGHT = Word("light", 1.0, 1.5, 0.9)
NOTHING = Hypothesis((), 2.0, 0.5, timed=True)
PHRASE = Hypothesis((HEY,), 2.0, 1.0, timed=True, wake=Wake(1, 0.9, -0.2))
LAMP = Command("lamp", {}, 0.9, -0.1)
WITH = Hypothesis((HEY, LIGHT), 2.0, 0.5, timed=True, command=LAMP, wake=Wake(1, 0.9, -0.1))
WITHOUT = Hypothesis((LIGHT,), 2.0, 0.5, timed=True, command=LAMP, asleep=NOTHING)
UNKNOWN = Hypothesis((), 2.0, 0.5, timed=True, unknown="other", asleep=NOTHING)


@pytest.fixture
def wakefulness() -> Wakefulness:
    return Wakefulness(8.0)


def test_nothing_counts_without_the_phrase(wakefulness: Wakefulness) -> None:
    assert wakefulness.counted(WITHOUT, 1.0, 0.5) is NOTHING
    assert wakefulness.counted(UNKNOWN, 3.0, 2.5) is NOTHING
    assert wakefulness.counted(WITH, 5.0, 4.5) is WITH
    assert wakefulness.counted(WITHOUT, 7.0, 6.5) is NOTHING


@pytest.mark.parametrize(("onset_s", "counts"), [(11.9, True), (19.0, True), (19.1, False)])
def test_a_sentence_counts_for_a_while_behind_the_phrase(onset_s: float, counts: bool) -> None:
    """The phrase of an utterance that began at 10 s was over at 11 s."""
    wakefulness = Wakefulness(8.0)
    assert wakefulness.counted(PHRASE, 10.5, 10.0) is PHRASE
    assert wakefulness.counted(WITHOUT, onset_s, onset_s - 0.5) is (WITHOUT if counts else NOTHING)


def test_one_command_uses_the_phrase_up_and_what_is_unknown_does_not(wakefulness: Wakefulness) -> None:
    wakefulness.counted(PHRASE, 10.5, 10.0)
    assert wakefulness.counted(UNKNOWN, 12.0, 11.5) is UNKNOWN
    assert wakefulness.counted(WITHOUT, 14.0, 13.5) is WITHOUT
    assert wakefulness.counted(WITHOUT, 16.0, 15.5) is NOTHING


def test_another_stream_begins_asleep(wakefulness: Wakefulness) -> None:
    wakefulness.counted(PHRASE, 10.5, 10.0)
    wakefulness.sleep()
    assert wakefulness.counted(WITHOUT, 1.0, 0.5) is NOTHING


def test_where_there_is_no_phrase_everything_counts(wakefulness: Wakefulness) -> None:
    for one in (NOTHING, Hypothesis((LIGHT,), 2.0, 0.5, timed=True, command=LAMP)):
        assert wakefulness.counted(one, 1.0, 0.5) is one


def test_the_words_of_a_command_are_those_behind_the_phrase() -> None:
    assert WITH.command_only.words == (LIGHT,)
    assert PHRASE.command_only.words == (HEY,)
    assert WITHOUT.command_only == WITHOUT
