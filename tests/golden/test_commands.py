"""Sentences of a list and others, heard by the real bundle: alone, and beside open speech."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.families import load_lexicon
from edge_asr.asr.grammar import Grammar, Token
from edge_asr.asr.kaldi.grammar_graph import pronunciations
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.result import EndReason, Hypothesis
from edge_asr.audio.chunk import AudioChunk
from edge_asr.config import CommandsConfig, Config, EndpointConfig
from edge_asr.loading import build_pipeline
from edge_asr.observation import Observation, Transcript, Understanding
from edge_asr.sentences.wake import with_wake
from edge_asr.settings import model_folder
from tests.asr.kaldi.sentence_list import of_sentences

pytestmark = pytest.mark.bundle
RATE_HZ = 16_000
MOST_EXCESS = CommandsConfig().most_excess
MOST_WAKE_EXCESS = CommandsConfig().most_wake_excess


def whole(recognizer: KaldiRecognizer, samples: NDArray[np.int16]) -> Hypothesis:
    _, state = recognizer.step(samples, recognizer.start())
    return recognizer.finish(state)[0]


@pytest.fixture(scope="module")
def texts(recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]]) -> list[str]:
    return [whole(recognizer, one).text for one in sentences]


@pytest.fixture(scope="module")
def listed(texts: list[str]) -> Grammar:
    """The first three of the five."""
    return of_sentences(texts[:3])


@pytest.fixture(scope="module")
def both(recognizer: KaldiRecognizer, listed: Grammar) -> KaldiRecognizer:
    return recognizer.with_commands(listed, MOST_EXCESS)


@pytest.fixture(scope="module")
def alone(recognizer: KaldiRecognizer, listed: Grammar) -> KaldiRecognizer:
    return recognizer.without_open_speech().with_commands(listed, MOST_EXCESS)


@pytest.mark.parametrize("number", range(5))
def test_a_sentence_of_the_list_is_a_command_and_any_other_is_none(
    alone: KaldiRecognizer, sentences: list[NDArray[np.int16]], texts: list[str], number: int
) -> None:
    told = whole(alone, sentences[number])
    if number < 3:
        assert told.command is not None
        assert (told.text, told.command.intent, told.unknown) == (texts[number], texts[number], None)
        assert told.command.excess < 0.1
        assert 0.5 < told.command.confidence <= 1.0
        assert all(before.end_s <= after.start_s for before, after in zip(told.words, told.words[1:], strict=False))
    else:
        assert (told.command, told.words, told.unknown) == (None, (), "other")


@pytest.mark.parametrize("number", range(5))
def test_beside_open_speech_all_else_stays_text(
    both: KaldiRecognizer, sentences: list[NDArray[np.int16]], texts: list[str], number: int
) -> None:
    told = whole(both, sentences[number])
    assert told.text == texts[number]
    assert (told.command is not None) == (number < 3)


def live(recognizer: KaldiRecognizer, samples: NDArray[np.int16]) -> list[Observation]:
    pipeline = build_pipeline(Config(endpoint=EndpointConfig(profile="patient")), recognizer)
    padded = np.concatenate([np.zeros(RATE_HZ // 2, np.int16), samples, np.zeros(3 * RATE_HZ, np.int16)])
    chunks = (AudioChunk("s", at, padded[at : at + 320], RATE_HZ, 0) for at in range(0, len(padded), 320))
    return [one for chunk in chunks for one in pipeline.process(chunk)] + pipeline.end(EndReason.END_OF_INPUT)


def test_live_a_command_has_one_final_and_its_meaning_and_no_partial(
    alone: KaldiRecognizer, sentences: list[NDArray[np.int16]], texts: list[str]
) -> None:
    seen = live(alone, sentences[1])
    told = [one for one in seen if isinstance(one, Transcript)]
    [meaning] = [one for one in seen if isinstance(one, Understanding)]
    assert [(one.end_reason, one.hypothesis.text) for one in told] == [(EndReason.SILENCE, texts[1])]
    assert meaning.command is not None
    assert (meaning.command.intent, meaning.segment_id) == (texts[1], told[0].segment_id)


def test_live_what_is_unknown_has_neither_partial_nor_final(
    alone: KaldiRecognizer, sentences: list[NDArray[np.int16]]
) -> None:
    seen = live(alone, sentences[4])
    assert not [one for one in seen if isinstance(one, Transcript)]
    meanings = [one for one in seen if isinstance(one, Understanding)]
    assert meanings
    assert {one.command for one in meanings} == {None}


def woken(recognizer: KaldiRecognizer, texts: list[str], words: int = 2) -> tuple[KaldiRecognizer, str, str]:
    """One that is woken by the first words of the first sentence; those, and the rest."""
    first = texts[0].split()
    phrase, rest = " ".join(first[:words]), " ".join(first[words:])
    grammar = with_wake(of_sentences([rest, texts[1]]), of_sentences([phrase]))
    return recognizer.with_commands(grammar, MOST_EXCESS, MOST_WAKE_EXCESS), phrase, rest


def test_a_sentence_behind_the_phrase_is_told_without_it(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]], texts: list[str]
) -> None:
    hearing, phrase, rest = woken(recognizer, texts)
    told = whole(hearing, sentences[0])
    assert told.command is not None
    assert told.wake is not None
    assert (told.text, told.command_only.text, told.command.intent) == (f"{phrase} {rest}", rest, rest)
    assert (told.wake.words, told.asleep) == (2, None)


def test_a_long_sentence_does_not_make_up_for_another_phrase(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]], texts: list[str]
) -> None:
    _, _, rest = woken(recognizer, texts)
    grammar = with_wake(of_sentences([rest]), of_sentences([" ".join(texts[3].split()[:2])]))
    alone = recognizer.without_open_speech()
    assert whole(alone.with_commands(grammar, 5.0, 5.0), sentences[0]).wake is not None
    assert whole(alone.with_commands(grammar, 5.0, MOST_WAKE_EXCESS), sentences[0]).wake is None


def test_a_sentence_without_the_phrase_is_what_it_was_before(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]], texts: list[str]
) -> None:
    told = whole(woken(recognizer, texts)[0], sentences[1])
    assert told.command is not None
    assert told.asleep is not None
    assert (told.asleep.text, told.asleep.command, told.asleep.unknown) == (texts[1], None, None)
    told = whole(woken(recognizer.without_open_speech(), texts)[0], sentences[1])
    assert told.command is not None
    assert told.asleep is not None
    assert (told.asleep.words, told.asleep.unknown) == ((), None)


def test_live_the_phrase_alone_wakes_for_one_sentence(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]], texts: list[str]
) -> None:
    hearing, phrase, _ = woken(recognizer.without_open_speech(), texts, words=3)
    end_s = whole(recognizer, sentences[0]).words[2].end_s
    pause = np.zeros(2 * RATE_HZ, np.int16)
    heard = [sentences[1], pause, sentences[0][: round(end_s * RATE_HZ)], pause, sentences[1], pause, sentences[1]]
    meanings = [one for one in live(hearing, np.concatenate(heard)) if isinstance(one, Understanding)]
    assert [(one.hypothesis.text, one.command is not None, one.wake is not None) for one in meanings] == [
        (phrase, False, True),
        (texts[1], True, False),
    ]


def test_a_word_is_spelled_in_the_phones_of_the_bundle() -> None:
    config = Config()
    lexicon = load_lexicon(load_bundle(model_folder(config), config.models.bundle))
    for word, phones in (("father", "F AA1 DH ER0"), ("cheese", "CH IY1 Z"), ("oh", "OW1")):
        assert lexicon.spelled(phones) in lexicon.pronunciations(word)
    assert lexicon.fault_of_phones("F AA DH ER") == ""
    assert "'QQ' is no phone; expected some of AA AE" in lexicon.fault_of_phones("F QQ")
    grammar = Grammar((Token(""), Token("roomba")), ((0, 1, 1),), frozenset({1}), {"roomba": (("/R UW M/", "bah"),)})
    [way] = pronunciations("roomba", grammar, lexicon)
    assert way == lexicon.spelled("R UW M B AA")
