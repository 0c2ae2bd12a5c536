"""Moonshine alone in the whole data path: where its utterances end, whatever the audio is cut into."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.asr.moonshine.recognizer import MoonshineRecognizer
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.config import EndpointConfig, GateConfig
from edge_asr.observation import Observation, Transcript, is_final
from edge_asr.pipeline import Pipeline
from tests.asr.moonshine.hearing import HearingRescorer
from tests.fakes import LoudVad, tone


def murmur(seconds: float) -> NDArray[np.int16]:
    """A quiet room; digital silence would be left out of the pre-roll."""
    return np.random.default_rng(5).normal(0, 20, round(seconds * 16_000)).astype(np.int16)


class DeafVad(LoudVad):
    """Takes everything for a voice once it has begun, as in the steady noise of a tap."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = False

    def voiced(self, block: NDArray[np.int16], *, later: bool = False) -> bool:
        self.begun = self.begun or super().voiced(block, later=later)
        return self.begun


def observe(
    rescorer: HearingRescorer, samples: NDArray[np.int16], sizes: list[int], vad: LoudVad | None = None
) -> list[Observation]:
    pipeline = Pipeline(GateConfig(), EndpointConfig(), vad or LoudVad(), MoonshineRecognizer(rescorer))
    seen: list[Observation] = []
    at, turn = 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        seen += pipeline.process(AudioChunk("s", at, samples[at : at + size], 16_000, 0))
        at, turn = at + size, turn + 1
    return seen + pipeline.end(EndReason.END_OF_INPUT)


def finals(seen: list[Observation]) -> list[Transcript]:
    return [one for one in seen if is_final(one)]


CONVERSATION = np.concatenate([murmur(1), tone(2.2), murmur(0.4), tone(1.1), murmur(1.5), tone(0.4), murmur(1.5)])


def test_an_utterance_ends_six_tenths_after_its_last_word_and_not_in_a_shorter_pause() -> None:
    rescorer = HearingRescorer()
    first, second = finals(observe(rescorer, CONVERSATION, [320]))
    assert (first.end_reason, second.end_reason) == (EndReason.SILENCE, EndReason.SILENCE)
    assert first.decided_s == pytest.approx(4.7 + 0.6, abs=0.03)
    assert second.decided_s == pytest.approx(6.6 + 0.6, abs=0.03)
    assert len(first.hypothesis.words) == 7
    assert first.start_s + first.hypothesis.words[-1].end_s == pytest.approx(4.7, abs=0.03)


def test_where_noise_goes_on_an_utterance_ends_soon_after_its_last_word() -> None:
    """Neither the loudness nor the voice detector tells: no word comes any more."""
    speech = np.concatenate([murmur(1), tone(6)])
    first, *_ = finals(observe(HearingRescorer(most=4), speech, [320], DeafVad()))
    assert first.hypothesis.text == "w0 w1 w2 w3"
    assert first.end_reason is EndReason.SILENCE
    assert 0.6 <= first.decided_s - 2.6 <= 1.6


def test_a_word_in_which_nothing_new_is_heard_for_a_while_is_not_divided() -> None:
    """A long vowel after a pause: the text stays as it is, and the voice goes on."""
    speech = np.concatenate([murmur(1), tone(1.5), murmur(0.5), tone(0.5), murmur(1.5)])
    [only] = finals(observe(HearingRescorer(most=3), speech, [320]))
    assert only.decided_s > 3.5 + 0.5


def test_speech_without_a_pause_ends_at_the_maximum_and_goes_on() -> None:
    syllables = [piece for _ in range(125) for piece in (tone(0.2), murmur(0.04))]
    seen = finals(observe(HearingRescorer(), np.concatenate([murmur(1), *syllables, murmur(1)]), [320]))
    assert [final.end_reason for final in seen] == [EndReason.MAX_LENGTH, EndReason.SILENCE]
    assert sum(len(final.hypothesis.words) for final in seen) == pytest.approx(50, abs=1)


@given(sizes=st.lists(st.integers(1, 9000), min_size=1, max_size=30))
@settings(max_examples=25, deadline=None)
def test_any_cutting_gives_the_same_events(sizes: list[int]) -> None:
    expected = observe(HearingRescorer(), CONVERSATION, [320])
    assert len(finals(expected)) == 2
    assert observe(HearingRescorer(), CONVERSATION, sizes) == expected
