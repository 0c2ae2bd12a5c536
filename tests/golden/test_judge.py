"""The model that gives a second opinion: whether it is loaded, and what it thinks of the package's sentences."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.families import as_judge, load_offline
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.kaldi.unsaid import unsaid
from edge_asr.asr.moonshine.model import Moonshine
from edge_asr.clock import SystemClock
from edge_asr.config import CommandsConfig, Config, SecondPassConfig
from edge_asr.errors import ModelError
from edge_asr.loading import daemons_judge, load_both
from edge_asr.metrics import Metrics
from edge_asr.settings import model_folder
from tests.golden.test_second_opinion import whole

pytestmark = pytest.mark.bundle


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
