"""The published Moonshine listening alone to real speech, where it is installed."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.recognizer import Recognizer
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.config import Config, ModelsConfig
from edge_asr.loading import build_pipeline, load_recognizer
from edge_asr.observation import Observation, Transcript, is_final
from edge_asr.settings import model_folder

BUNDLE = "moonshine-tiny-en"
CONFIG = Config(models=ModelsConfig(bundle=BUNDLE))
pytestmark = pytest.mark.skipif(
    not (model_folder(CONFIG) / BUNDLE).is_dir(),
    reason=f"the bundle {BUNDLE} is not installed (edge-asr models pull {BUNDLE})",
)

SENTENCES = (
    "Had he married a more amiable woman, he might have been made still more respectable than he was.",
    "He might even have been made amiable himself.",
)


@pytest.fixture(scope="module")
def alone() -> Recognizer[Any]:
    return load_recognizer(CONFIG)


def observe(recognizer: Recognizer[Any], samples: NDArray[np.int16], sizes: list[int]) -> list[Observation]:
    pipeline = build_pipeline(CONFIG, recognizer)
    out: list[Observation] = []
    at, turn = 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        out += pipeline.process(AudioChunk("s", at, samples[at : at + size], 16_000, 0))
        at, turn = at + size, turn + 1
    return out + pipeline.end(EndReason.END_OF_INPUT)


@pytest.fixture(scope="module")
def conversation(sentences: list[NDArray[np.int16]]) -> NDArray[np.int16]:
    pause = np.zeros(24_000, np.int16)
    return np.concatenate([pause, sentences[3], pause, sentences[4], pause])


@pytest.fixture(scope="module")
def expected(alone: Recognizer[Any], conversation: NDArray[np.int16]) -> list[Observation]:
    return observe(alone, conversation, [320])


def test_its_text_is_in_the_partials_and_each_sentence_ends_in_the_silence_after_it(
    expected: list[Observation], sentences: list[NDArray[np.int16]]
) -> None:
    finals = [one for one in expected if is_final(one)]
    assert tuple(final.hypothesis.text for final in finals) == SENTENCES
    assert {final.end_reason for final in finals} == {EndReason.SILENCE}
    end_s = 1.5 + len(sentences[3]) / 16_000
    assert finals[0].decided_s == pytest.approx(end_s + 0.4, abs=0.3)
    partials = [one for one in expected if isinstance(one, Transcript) and not one.end_reason]
    assert len(partials) > 8
    assert any(partial.stable_chars > 20 for partial in partials)
    assert not any(partial.hypothesis.text.endswith(".") for partial in partials)


def test_words_have_times_within_what_was_heard(expected: list[Observation]) -> None:
    for final in filter(is_final, expected):
        words, heard_s = final.hypothesis.words, len(final.samples) / 16_000
        times = [moment for word in words for moment in (word.start_s, word.end_s)]
        assert times == sorted(times)
        assert 0.0 < times[0] < times[-1] < heard_s
        assert all(0.0 < word.confidence <= 1.0 for word in words)


@pytest.mark.parametrize("sizes", [[7001], [48_000, 113, 1]])
def test_any_cutting_gives_the_same_events(
    alone: Recognizer[Any], conversation: NDArray[np.int16], expected: list[Observation], sizes: list[int]
) -> None:
    assert observe(alone, conversation, sizes) == expected


def test_ten_seconds_of_silence_and_of_noise_are_no_words(alone: Recognizer[Any]) -> None:
    hiss = np.random.default_rng(11).normal(0, 300, 160_000).astype(np.int16)
    for samples in (np.zeros(160_000, np.int16), hiss):
        state = alone.start()
        for at in range(0, len(samples), 320):
            _, state = alone.step(samples[at : at + 320], state)
        assert alone.finish(state)[0].words == ()
