"""Both published models on real speech with pauses: what is decoded ahead is what is decoded afterwards."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.rescorer import always
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.loading import build_pipeline, load_second_pass
from edge_asr.observation import Transcript, is_final
from edge_asr.second_pass import SecondPass
from tests.golden.second_pass_bundle import BUNDLE, CONFIG, NEEDS_SECOND_PASS

pytestmark = NEEDS_SECOND_PASS


@pytest.fixture(scope="module")
def conversation(sentences: list[NDArray[np.int16]]) -> NDArray[np.int16]:
    """Sentences with pauses within and after them, in a room that is not quite silent."""
    room = np.random.default_rng(2)
    pieces = []
    for sentence, pause_s in zip(sentences, (0.25, 0.4, 1.5, 0.3, 1.5), strict=True):
        cut = len(sentence) // 2
        pieces += [
            sentence[:cut],
            np.zeros(5600, np.int16),
            sentence[cut:],
            np.zeros(round(pause_s * 16_000), np.int16),
        ]
    speech = np.concatenate([np.zeros(16_000, np.int16), *pieces])
    return (speech + room.integers(-4, 5, len(speech))).astype(np.int16)


def heard(
    recognizer: KaldiRecognizer, samples: NDArray[np.int16], size: int, *, ahead: bool
) -> tuple[list[Transcript], list[bool]]:
    """Finals as the second pass leaves them, and whether each was decoded before it came."""
    second_pass = load_second_pass(CONFIG)
    assert isinstance(second_pass, SecondPass)
    pipeline = build_pipeline(CONFIG, recognizer)
    last: Transcript | None = None
    finals: list[Transcript] = []
    foreseen: list[bool] = []
    for at in range(0, len(samples) + size, size):
        if at < len(samples):
            seen = pipeline.process(AudioChunk("s", at, samples[at : at + size], 16_000, 0))
        else:
            seen = pipeline.end(EndReason.END_OF_INPUT)
        for one in filter(is_final, seen):
            rewritten = second_pass.rewrite(one)
            finals.append(rewritten.final)
            foreseen.append(rewritten.foreseen)
        candidate = pipeline.candidate
        if ahead and candidate is not None and candidate is not last:
            second_pass.foresee(candidate, always)
        last = candidate
    return finals, foreseen


@pytest.mark.parametrize("size", [320, 1117])
def test_texts_times_and_confidences_are_the_same(
    recognizer: KaldiRecognizer, conversation: NDArray[np.int16], size: int
) -> None:
    plain, _ = heard(recognizer, conversation, 320, ahead=False)
    finals, foreseen = heard(recognizer, conversation, size, ahead=True)
    assert finals == plain
    assert {one.second_model for one in finals} == {BUNDLE}
    ended = [early for early, one in zip(foreseen, finals, strict=True) if one.end_reason is EndReason.SILENCE]
    assert len(ended) >= 2
    assert all(ended)
