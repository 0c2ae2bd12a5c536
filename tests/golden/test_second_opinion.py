"""Two sentences that sound the very same, heard by the real bundle: who decides, and what is told of the words then."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.families import as_judge, load_offline
from edge_asr.asr.judge import Weighed
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.kaldi.unsaid import SURELY_SAID, unsaid
from edge_asr.asr.moonshine.model import Moonshine
from edge_asr.asr.result import Hypothesis
from edge_asr.clock import SystemClock
from edge_asr.config import CommandsConfig, Config, SecondPassConfig
from edge_asr.errors import ModelError
from edge_asr.loading import daemons_judge, load_both
from edge_asr.metrics import Metrics
from edge_asr.sentences.wake import with_wake
from edge_asr.settings import model_folder
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


def hearing(tmp_path: Path, mode: str, opinion: object, **second_pass: object) -> Config:
    (tmp_path / "sentences.txt").write_text("good night\n")
    commands = {"sentences": str(tmp_path / "sentences.txt"), "mode": mode, "second_opinion": opinion}
    return Config(commands=CommandsConfig(**commands), second_pass=SecondPassConfig(**second_pass))  # type: ignore[arg-type]


def test_an_opinion_that_is_wanted_and_not_there_is_one_clear_error(tmp_path: Path) -> None:
    config = hearing(tmp_path, "commands", True, bundle="nowhere")
    with pytest.raises(ModelError, match="nowhere"):
        load_both(config, "", SystemClock(), Metrics())


@pytest.mark.parametrize("opinion", [False, "auto"])
def test_with_commands_alone_nothing_else_is_loaded(tmp_path: Path, opinion: object) -> None:
    brains = load_both(hearing(tmp_path, "commands", opinion), "", SystemClock(), Metrics())
    assert isinstance(brains.recognizer, KaldiRecognizer)
    assert (brains.recognizer.judge, brains.second_pass) == (None, None)


@pytest.mark.parametrize(
    ("mode", "opinion", "enabled"), [("both", False, "auto"), ("commands", "auto", "auto"), ("both", "auto", False)]
)
def test_programs_that_hear_commands_alone_ask_nobody_where_the_daemon_asks_nobody(
    tmp_path: Path, mode: str, opinion: object, enabled: object
) -> None:
    assert daemons_judge(hearing(tmp_path, mode, opinion, enabled=enabled)) is None


def test_programs_that_hear_commands_alone_fail_where_the_daemon_fails(tmp_path: Path) -> None:
    for mode in ("commands", "both"):
        with pytest.raises(ModelError, match="nowhere"):
            daemons_judge(hearing(tmp_path, mode, True, bundle="nowhere"))


@pytest.fixture(scope="module")
def moonshine() -> Moonshine:
    folder = model_folder(Config())
    name = SecondPassConfig().bundle
    if not (folder / name).is_dir():
        pytest.skip(f"the bundle {name!r} is not installed: edge-asr models pull {name}")
    loaded = load_offline(load_bundle(folder, name), 1)
    assert isinstance(loaded, Moonshine)
    assert as_judge(loaded) is loaded
    return loaded


@pytest.mark.parametrize(("mode", "opinion"), [("both", "auto"), ("both", True), ("commands", True)])
def test_programs_that_hear_commands_alone_ask_whom_the_daemon_asks(
    moonshine: Moonshine, tmp_path: Path, mode: str, opinion: object
) -> None:
    judge = daemons_judge(hearing(tmp_path, mode, opinion))
    assert isinstance(judge, Moonshine)
    assert judge.model == moonshine.model


def test_the_model_of_the_second_pass_prefers_what_was_said(
    moonshine: Moonshine, sentences: list[NDArray[np.int16]], recognizer: KaldiRecognizer
) -> None:
    texts = [whole(recognizer, one).text for one in sentences]
    for number, one in enumerate(sentences):
        weighed = moonshine.weigh(one, texts)
        shares = [text.log_share for text in weighed]
        assert max(range(5), key=shares.__getitem__) == number
        assert [unsaid(0.0, text) for text in weighed] == [other != number for other in range(5)]


@pytest.mark.parametrize("text", ["good night", "stop", "light on", "what time is it"])
def test_what_everybody_says_is_not_heard_where_something_else_is_said(
    moonshine: Moonshine, sentences: list[NDArray[np.int16]], text: str
) -> None:
    """Parts of a second and a half, in which the model finds little of its own."""
    for one in sentences:
        parts = [one[at : at + 24_000] for at in range(0, len(one) - 24_000 + 1, 24_000)]
        assert parts
        assert all(unsaid(0.0, weighed) for part in parts for weighed in moonshine.weigh(part, [text]))


def test_it_writes_a_text_in_the_pieces_that_it_hears_it_in(
    moonshine: Moonshine, sentences: list[NDArray[np.int16]]
) -> None:
    for one in sentences:
        heard = moonshine.decode(one)
        assert moonshine._pieces.tokens(heard.text) == list(heard.tokens)


def test_the_one_that_weighs_alone_is_kept_when_the_sentences_change_and_that_of_the_second_pass_is_shared(
    moonshine: Moonshine, tmp_path: Path
) -> None:
    clock, metrics = SystemClock(), Metrics()
    config = hearing(tmp_path, "commands", True)
    first = load_both(config, "", clock, metrics)
    again = load_both(config, "x = good morning", clock, metrics, present=first)
    assert isinstance(first.recognizer, KaldiRecognizer)
    assert isinstance(again.recognizer, KaldiRecognizer)
    assert first.recognizer.judge is again.recognizer.judge is not None
    assert first.second_pass is None
    both = load_both(hearing(tmp_path, "both", "auto"), "", clock, metrics)
    assert isinstance(both.recognizer, KaldiRecognizer)
    assert both.second_pass is not None
    shared = as_judge(both.second_pass.rescorer)
    assert both.recognizer.judge is shared is not None
    alone = load_both(hearing(tmp_path, "commands", "auto"), "", clock, metrics, present=both)
    assert isinstance(alone.recognizer, KaldiRecognizer)
    assert alone.recognizer.judge is None  # that one ends with the second pass
    fresh = load_both(hearing(tmp_path, "commands", True), "", clock, metrics, present=both)
    assert isinstance(fresh.recognizer, KaldiRecognizer)
    assert fresh.recognizer.judge is not None
    assert fresh.recognizer.judge is not shared
