"""First and last words of sentences cut to nothing but their speech, and words where long speech is divided."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.bench.tight import in_room, tight, without_pauses
from edge_asr.bench.wer import compare
from edge_asr.config import Config, EndpointConfig
from edge_asr.loading import build_pipeline
from edge_asr.observation import Transcript, is_final

pytestmark = pytest.mark.bundle
RATE_HZ = 16_000
SAID = (
    "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for "
    "them he was not an ill disposed young man unless to be rather cold hearted and rather selfish is to be ill "
    "disposed had he married a more amiable woman he might have been made still more respectable than he was he might "
    "even have been made amiable himself"
)


def live(recognizer: KaldiRecognizer, samples: NDArray[np.int16], config: Config | None = None) -> list[Transcript]:
    pipeline = build_pipeline(config or Config(), recognizer)
    seen = [
        one
        for at in range(0, len(samples), 320)
        for one in pipeline.process(AudioChunk("s", at, samples[at : at + 320], RATE_HZ, 0))
    ]
    return [one for one in seen + pipeline.end(EndReason.END_OF_INPUT) if is_final(one)]


def whole(recognizer: KaldiRecognizer, samples: NDArray[np.int16]) -> list[str]:
    _, state = recognizer.step(samples, recognizer.start())
    hypothesis, _ = recognizer.finish(state)
    return hypothesis.text.split()


def text(finals: list[Transcript]) -> list[str]:
    return " ".join(final.hypothesis.text for final in finals).split()


@pytest.mark.parametrize("noise", [False, True], ids=["digital silence", "a room"])
@pytest.mark.parametrize("number", range(5))
def test_a_sentence_cut_tight_keeps_its_first_and_its_last_word(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]], number: int, noise: bool
) -> None:
    stream = in_room(tight(sentences[number], RATE_HZ), RATE_HZ, noise=noise)
    heard, expected = text(live(recognizer, stream)), whole(recognizer, stream)
    assert (heard[0], heard[-1]) == (expected[0], expected[-1])


@pytest.mark.parametrize("longest_s", [6.0, 9.0, 20.0])
def test_speech_without_a_pause_is_divided_and_loses_no_word(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]], longest_s: float
) -> None:
    stream = in_room(without_pauses(sentences, RATE_HZ, 0.1), RATE_HZ, noise=True)
    finals = live(recognizer, stream, Config(endpoint=EndpointConfig(max_utterance_s=longest_s)))
    reasons = [final.end_reason for final in finals]
    assert len(reasons) > 0.9 * len(stream) / RATE_HZ / longest_s
    errors = compare(SAID.split(), text(finals))
    # At 9 s it is divided within "not an ill disposed", and "an ill" is heard "they'll": nothing is missing otherwise.
    assert errors.deletions == (longest_s == 9.0 and "they'll" in text(finals))
    assert errors.total <= (5 if longest_s == 9.0 else 7)
