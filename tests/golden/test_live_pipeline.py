"""The whole data path on real speech, without servers."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.config import Config
from edge_asr.loading import build_pipeline
from edge_asr.observation import Observation, Transcript
from edge_asr.pipeline import Pipeline
from tests.fakes import LoudVad

pytestmark = pytest.mark.bundle


def observe(
    recognizer: KaldiRecognizer, samples: NDArray[np.int16], sizes: list[int], rate_hz: int = 16_000
) -> list[Observation]:
    pipeline = build_pipeline(Config(), recognizer)
    out, at, turn = [], 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        out += pipeline.process(AudioChunk("s", at, samples[at : at + size], rate_hz, 0))
        at, turn = at + size, turn + 1
    return out + pipeline.end(EndReason.END_OF_INPUT)


def finals(seen: list[Observation]) -> list[Transcript]:
    return [one for one in seen if isinstance(one, Transcript) and one.end_reason]


@pytest.fixture(scope="module")
def conversation(sentences: list[NDArray[np.int16]]) -> NDArray[np.int16]:
    pause = np.zeros(24_000, np.int16)
    return np.concatenate([pause, sentences[1], pause, sentences[4], pause])


def test_each_sentence_is_a_segment(recognizer: KaldiRecognizer, conversation: NDArray[np.int16]) -> None:
    heard = finals(observe(recognizer, conversation, [320]))
    assert [final.segment_id for final in heard] == ["s-1", "s-2"]
    assert heard[1].hypothesis.text == "he might even have been made amiable himself"
    assert {final.end_reason for final in heard} == {EndReason.SILENCE}


@given(sizes=st.lists(st.integers(1, 9000), min_size=1, max_size=30), rate_hz=st.sampled_from([16_000, 48_000]))
@settings(max_examples=15, deadline=None)
def test_any_cutting_gives_the_same_events(
    recognizer: KaldiRecognizer, conversation: NDArray[np.int16], sizes: list[int], rate_hz: int
) -> None:
    samples = conversation if rate_hz == 16_000 else soxr.resample(conversation, 16_000, rate_hz)
    expected = observe(recognizer, samples, [320], rate_hz)
    assert len(finals(expected)) == 2
    assert observe(recognizer, samples, sizes, rate_hz) == expected


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_other_rates_say_the_same(recognizer: KaldiRecognizer, conversation: NDArray[np.int16], rate_hz: int) -> None:
    there = soxr.resample(conversation.astype(np.float32), 16_000, rate_hz, quality="VHQ")
    samples = np.clip(np.rint(there), -32768, 32767).astype(np.int16)
    texts = [final.hypothesis.text for final in finals(observe(recognizer, samples, [rate_hz // 50], rate_hz))]
    assert texts[-1] == "he might even have been made amiable himself"


def test_white_noise_at_voice_level_publishes_no_words(recognizer: KaldiRecognizer) -> None:
    hiss = np.random.default_rng(12).normal(0, 1000, 30 * 16_000).astype(np.int16)
    assert [final.hypothesis.text for final in finals(observe(recognizer, hiss, [320])) if final.hypothesis.text] == []


@pytest.mark.parametrize("shift", [1, 77, 160, 250, 319])
def test_the_same_speech_gives_the_same_text_wherever_capture_began(
    recognizer: KaldiRecognizer, conversation: NDArray[np.int16], shift: int
) -> None:
    room = np.random.default_rng(14).normal(0, 20, len(conversation))
    samples = np.clip(conversation + room, -32768, 32767).astype(np.int16)
    texts = [final.hypothesis.text for final in finals(observe(recognizer, samples, [320]))]
    shifted = [final.hypothesis.text for final in finals(observe(recognizer, samples[shift:], [320]))]
    assert shifted == texts


def test_what_was_heard_before_does_not_change_a_sentence(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]]
) -> None:
    # The gate's detector follows the room and may open some blocks earlier or later; what is to be seen here is that
    # from the same opening on the same is heard. So the detector is one without a memory.
    def heard(samples: NDArray[np.int16]) -> list[Transcript]:
        config = Config()
        pipeline = Pipeline(config.gate, config.endpoint, LoudVad(), recognizer)
        return finals(pipeline.process(AudioChunk("s", 0, samples, 16_000, 0)) + pipeline.end(EndReason.END_OF_INPUT))

    pause = np.zeros(24_000, np.int16)
    alone = [heard(np.concatenate([pause, sentence, pause])) for sentence in sentences]
    story = heard(np.concatenate([pause, *(part for sentence in sentences for part in (sentence, pause))]))
    assert [len(each) for each in alone] == [1] * len(sentences)
    assert [final.hypothesis for final in story] == [final.hypothesis for (final,) in alone]
