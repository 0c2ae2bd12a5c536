"""Profiles, and what is set besides."""

from itertools import pairwise
from typing import get_args

import numpy as np
import pytest

from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.config import EndpointConfig, EndpointProfile, GateConfig
from edge_asr.endpoint_rules import PROFILES, EndpointRules, endpoint_rules, hangover_ms
from edge_asr.observation import is_final
from edge_asr.pipeline import Pipeline
from tests.fakes import RATE_HZ, LoudRecognizer, LoudVad, hush, tone
from tests.settings_files import fault


def test_every_profile_that_may_be_set_has_times_each_more_patient_than_the_one_before() -> None:
    assert list(PROFILES) == list(get_args(EndpointProfile))
    for one, other in pairwise(PROFILES.values()):
        assert one.silence_s < other.silence_s
        assert one.no_words_s < other.no_words_s
        assert one.max_utterance_s <= other.max_utterance_s
        assert other.silence_s < other.max_utterance_s


def test_the_default_waits_for_six_tenths_of_a_second() -> None:
    assert endpoint_rules(EndpointConfig()) == EndpointRules(0.6, 5.0, 20.0)
    assert hangover_ms(GateConfig(), endpoint_rules(EndpointConfig())) == 800


def test_what_is_set_wins_over_the_profile() -> None:
    rules = endpoint_rules(EndpointConfig(profile="patient", silence_s=0.7))
    assert rules == EndpointRules(0.7, PROFILES["patient"].no_words_s, PROFILES["patient"].max_utterance_s)
    assert endpoint_rules(EndpointConfig(profile="quick", no_words_s=9.0, max_utterance_s=40.0)) == EndpointRules(
        PROFILES["quick"].silence_s, 9.0, 40.0
    )


@pytest.mark.parametrize(("silence_s", "expected"), [(0.3, 800), (0.6, 800), (1.0, 1200), (2.0, 2200)])
def test_the_gate_outlasts_the_silence_unless_told_otherwise(silence_s: float, expected: int) -> None:
    rules = EndpointRules(silence_s, 5.0, 20.0)
    assert hangover_ms(GateConfig(), rules) == expected
    assert hangover_ms(GateConfig(hangover_ms=300), rules) == 300


@pytest.mark.parametrize("profile", PROFILES)
def test_an_utterance_ends_as_late_as_its_profile_says(profile: EndpointProfile) -> None:
    wanted_s = PROFILES[profile].silence_s
    pipeline = Pipeline(GateConfig(), EndpointConfig(profile=profile), LoudVad(), LoudRecognizer())
    audio = np.concatenate([hush(1), tone(1), hush(4)])
    seen = [
        one
        for at in range(0, len(audio), 320)
        for one in pipeline.process(AudioChunk("s", at, audio[at : at + 320], RATE_HZ, 0))
    ]
    [final] = [one for one in seen if is_final(one)]
    assert final.end_reason is EndReason.SILENCE
    assert wanted_s - 0.001 <= final.decided_s - 2.0 <= wanted_s + 0.25  # the fake decodes every 0.2 s


def test_a_pause_divides_a_sentence_only_where_nobody_waits_for_its_end() -> None:
    audio = np.concatenate([hush(1), tone(1), hush(0.8), tone(1), hush(3)])
    counts = {}
    for profile in PROFILES:
        pipeline = Pipeline(GateConfig(), EndpointConfig(profile=profile), LoudVad(), LoudRecognizer())
        seen = pipeline.process(AudioChunk("s", 0, audio, RATE_HZ, 0))
        counts[profile] = sum(is_final(one) for one in seen)
    assert counts == {"quick": 2, "balanced": 2, "patient": 1, "dictation": 1}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["endpoint.profile=slow"], 'expected "balanced" or "dictation" or "patient" or "quick"'),
        (["endpoint.profile=dictation", "endpoint.max_utterance_s=2"], "endpoint.silence_s = 2 is not below"),
        (["endpoint.silence_s=0"], "endpoint.silence_s = 0.0 (from --set): expected a number above 0"),
    ],
)
def test_profiles_and_times_that_do_not_fit(overrides: list[str], said: str) -> None:
    assert said in fault(overrides)
