"""Two sentences that sound the very same, heard by the real bundle: who decides, and what is told of the words then."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.judge import Weighed
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.kaldi.unsaid import SURELY_SAID
from edge_asr.asr.result import Hypothesis
from edge_asr.config import CommandsConfig
from edge_asr.sentences.wake import with_wake
from tests.asr.kaldi.sentence_list import of_sentences

pytestmark = pytest.mark.bundle
MOST_EXCESS = CommandsConfig().most_excess
WORD, TWIN = "there", "their"  # a word of the first sentence, and one that sounds the same
MADE_UP = "zherr"


class Preferring:
    """Holds a text with that word for likelier."""

    sample_rate_hz = 16_000
    longest_s = 60.0

    def __init__(self, word: str, unheard: float = -60.0) -> None:
        self.word = word
        self.unheard = unheard
        self.heard_samples: list[int] = []
        self.stopped = False

    def weigh(self, samples: NDArray[np.int16], texts: Sequence[str]) -> list[Weighed]:
        """Of each text alike where the word is empty."""
        self.heard_samples.append(len(samples))
        shares = [-1.0 if not self.word or self.word in text.split() else -30.0 for text in texts]
        return [Weighed(share, self.unheard) for share in shares]

    def stop(self) -> None:
        self.stopped = True


def whole(recognizer: KaldiRecognizer, samples: NDArray[np.int16]) -> Hypothesis:
    state = recognizer.start()
    for at in range(0, len(samples), 3200):
        _, state = recognizer.step(samples[at : at + 3200], state)
    return recognizer.finish(state)[0]


@pytest.fixture(scope="module")
def said(recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]]) -> list[str]:
    """Words of the first sentence."""
    words = whole(recognizer, sentences[0]).text.split()
    assert words.count(WORD) == 1
    return words


def with_twin(said: list[str], twin: str = TWIN) -> str:
    return " ".join(twin if word == WORD else word for word in said)


@pytest.fixture(scope="module")
def twins(recognizer: KaldiRecognizer, said: list[str]) -> KaldiRecognizer:
    grammar = of_sentences([" ".join(said), with_twin(said)])
    return recognizer.without_open_speech().with_commands(grammar, MOST_EXCESS)


@pytest.fixture(scope="module")
def doubtful(twins: KaldiRecognizer, sentences: list[NDArray[np.int16]]) -> NDArray[np.int16]:
    """The first sentence in some noise."""
    noise = np.random.default_rng(0).normal(0.0, 1000.0, len(sentences[0]))
    noisy = (sentences[0] + noise).clip(-32768, 32767).astype(np.int16)
    heard = whole(twins, noisy).command
    assert heard is not None
    assert SURELY_SAID < heard.excess <= MOST_EXCESS
    return noisy


@pytest.mark.parametrize("twin", [True, False])
def test_the_judge_decides_between_twins_and_times_and_confidences_are_those_of_its_choice(
    twins: KaldiRecognizer, sentences: list[NDArray[np.int16]], said: list[str], *, twin: bool
) -> None:
    judge = Preferring(TWIN if twin else WORD)
    alone, advised = whole(twins, sentences[0]), whole(twins.advised_by(judge), sentences[0])
    expected = with_twin(said, judge.word)
    assert advised.command is not None
    assert (advised.text, advised.command.intent) == (expected, expected)
    assert judge.heard_samples == [len(sentences[0])]
    times = [(word.start_s, word.end_s, word.confidence) for word in advised.words]
    assert times == [(word.start_s, word.end_s, word.confidence) for word in alone.words]


@pytest.mark.parametrize(
    ("unheard", "made_up", "said_so"), [(-60.0, False, True), (-1.5, False, False), (-1.5, True, True)]
)
def test_what_no_model_of_another_kind_would_hear_is_no_command_unless_its_words_are_made_up(
    twins: KaldiRecognizer,
    doubtful: NDArray[np.int16],
    said: list[str],
    unheard: float,
    *,
    made_up: bool,
    said_so: bool,
) -> None:
    if made_up:
        grammar = of_sentences([with_twin(said, MADE_UP)], sounds={MADE_UP: ((WORD,),)})
        twins = twins.with_commands(grammar, MOST_EXCESS)
    judge = Preferring(MADE_UP if made_up else TWIN, unheard)
    heard = whole(twins.advised_by(judge), doubtful)
    assert (heard.command is not None, heard.unknown) == (said_so, None if said_so else "unsaid")
    assert bool(heard.words) == said_so
    assert bool(judge.heard_samples) != made_up


def test_between_a_made_up_word_and_one_that_the_judge_can_write_it_is_not_asked(
    twins: KaldiRecognizer, sentences: list[NDArray[np.int16]], said: list[str]
) -> None:
    grammar = of_sentences([with_twin(said, MADE_UP), " ".join(said)], sounds={MADE_UP: ((WORD,),)})
    alone = twins.with_commands(grammar, MOST_EXCESS)
    found = whole(alone, sentences[0]).text
    judge = Preferring(WORD if MADE_UP in found else MADE_UP)
    assert whole(alone.advised_by(judge), sentences[0]).text == found
    assert judge.heard_samples == []


def test_what_was_surely_said_is_refused_by_nobody_though_its_twin_is_weighed(
    twins: KaldiRecognizer, sentences: list[NDArray[np.int16]]
) -> None:
    judge = Preferring(WORD, 0.0)
    heard = whole(twins.advised_by(judge), sentences[0])
    assert judge.heard_samples == [len(sentences[0])]
    assert heard.command is not None
    assert heard.command.excess <= SURELY_SAID


def test_between_twins_that_nobody_can_tell_apart_none_is_taken(
    recognizer: KaldiRecognizer,
    twins: KaldiRecognizer,
    sentences: list[NDArray[np.int16]],
    said: list[str],
) -> None:
    heard = whole(twins.advised_by(Preferring("")), sentences[0])
    assert (heard.command, heard.words, heard.unknown) == (None, (), "undecided")
    both = recognizer.with_commands(of_sentences([" ".join(said), with_twin(said)]), MOST_EXCESS)
    heard = whole(both.advised_by(Preferring("")), sentences[0])
    assert (heard.command, heard.text.split(), heard.unknown) == (None, said, "undecided")


def test_who_says_the_phrase_is_told_that_what_followed_was_not_understood(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]], said: list[str]
) -> None:
    assert WORD not in said[:2]
    phrase, rest = said[:2], said[2:]
    grammar = with_wake(of_sentences([" ".join(rest), with_twin(rest)]), of_sentences([" ".join(phrase)]))
    alone = recognizer.without_open_speech().with_commands(grammar, MOST_EXCESS, 5.0)
    heard = whole(alone.advised_by(Preferring("")), sentences[0])
    assert (heard.command, heard.unknown, heard.asleep) == (None, "undecided", None)
    heard = whole(alone.advised_by(Preferring(TWIN)), sentences[0])
    assert heard.command is not None


def test_what_nobody_would_hear_still_wakes(
    recognizer: KaldiRecognizer, doubtful: NDArray[np.int16], said: list[str]
) -> None:
    grammar = with_wake(of_sentences(["something else"]), of_sentences([" ".join(said)]))
    alone = recognizer.without_open_speech().with_commands(grammar, MOST_EXCESS, 5.0)
    judge = Preferring(WORD, -1.5)
    assert whole(alone.advised_by(judge), doubtful).wake is not None
    assert judge.heard_samples


def test_what_nobody_said_is_not_called_undecided(twins: KaldiRecognizer, doubtful: NDArray[np.int16]) -> None:
    assert whole(twins.advised_by(Preferring("", -1.5)), doubtful).unknown == "unsaid"


def test_nobody_is_asked_about_speech_that_is_none_of_the_sentences(
    twins: KaldiRecognizer, sentences: list[NDArray[np.int16]]
) -> None:
    judge = Preferring(TWIN)
    assert whole(twins.advised_by(judge), sentences[1]).unknown == "other"
    assert judge.heard_samples == []


def test_other_sentences_keep_the_judge_and_it_is_stopped_with_the_recognizer(
    twins: KaldiRecognizer, sentences: list[NDArray[np.int16]], said: list[str]
) -> None:
    judge = Preferring(WORD)
    grammar = of_sentences([" ".join(said), with_twin(said)])
    other = twins.advised_by(judge).with_commands(grammar, MOST_EXCESS)
    assert other.judge is judge
    assert whole(other, sentences[0]).text == " ".join(said)
    other.stop()
    assert judge.stopped
    assert twins.judge is None
