"""What is wished while it hears: another sensitivity, and to listen now."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.config import EndpointConfig
from edge_asr.errors import ConfigError
from edge_asr.observation import Observation, SpeechEnded, SpeechStarted
from edge_asr.pipeline import Pipeline
from tests.fakes import RATE_HZ, LoudRecognizer, LoudState, hush, tone
from tests.pipeline_feed import chunks, feed, finals, make

Wishes = Mapping[int, Callable[[Pipeline[LoudState]], None]]  # by the sample before which each is made


def observed(audio: NDArray[np.int16], rate: int, sizes: list[int], wishes: Wishes) -> list[Observation]:
    """What is seen of the audio in chunks of these sizes, in turn, but for those that a wish cuts short."""
    pipeline, seen, at, number = make(), list[Observation](), 0, 0
    while at < len(audio):
        if at in wishes:
            wishes[at](pipeline)
        following = min((wish for wish in wishes if wish > at), default=len(audio))
        end = min(at + sizes[number % len(sizes)], following, len(audio))
        seen += pipeline.process(AudioChunk("s", at, audio[at:end], rate, 0))
        at, number = end, number + 1
    return seen + pipeline.end(EndReason.END_OF_INPUT)


def test_a_quiet_voice_is_heard_once_the_gate_is_more_sensitive() -> None:
    pipeline, quiet = make(recognizer=LoudRecognizer()), np.concatenate([hush(0.5), tone(1, 900), hush(2)])
    assert feed(pipeline, chunks(quiet)) == []
    pipeline.set_sensitivity(100)
    assert isinstance(feed(pipeline, chunks(quiet, first=len(quiet)))[0], SpeechStarted)
    pipeline.set_sensitivity(50)
    assert feed(pipeline, chunks(quiet, first=2 * len(quiet))) == []


def test_sensitivity_outlasts_the_stream_and_may_come_before_it() -> None:
    pipeline, quiet = make(), np.concatenate([hush(0.5), tone(1, 900), hush(2)])
    pipeline.set_sensitivity(100)
    assert feed(pipeline, chunks(quiet))
    other = [AudioChunk("t", chunk.first_sample, chunk.samples, RATE_HZ, 0) for chunk in chunks(quiet)]
    assert feed(pipeline, other)


def test_what_is_set_just_before_a_stream_breaks_off_holds_for_the_next() -> None:
    pipeline, quiet = make(), np.concatenate([hush(0.5), tone(1, 900), hush(2)])
    feed(pipeline, chunks(np.repeat(hush(1), 3), 950, rate=48_000))
    for number in (70, 80, 100):
        pipeline.set_sensitivity(number)
    assert len(pipeline._tunings) <= 1
    other = [AudioChunk("t", chunk.first_sample, chunk.samples, RATE_HZ, 0) for chunk in chunks(quiet)]
    assert feed(pipeline, other)


def test_off_the_scale_is_refused_and_changes_nothing() -> None:
    pipeline = make()
    with pytest.raises(ConfigError, match="sensitivity = 101"):
        pipeline.set_sensitivity(101)
    assert finals(feed(pipeline, chunks(np.concatenate([hush(1), tone(1), hush(2)]))))


@given(
    cuts=st.lists(st.integers(1, 5000), min_size=1, max_size=40),
    rate=st.sampled_from([16_000, 44_100, 48_000, 8_000]),
    turns=st.dictionaries(st.integers(0, 66_000), st.integers(0, 100), min_size=1, max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_any_cutting_gives_the_same_when_sensitivity_changes_at_the_same_samples(
    cuts: list[int], rate: int, turns: dict[int, int]
) -> None:
    parts = [hush(0.3), tone(0.7, 900), hush(0.5), tone(0.8, 1600), hush(1.1), tone(0.3, 400), tone(0.7, 2500)]
    audio = np.concatenate([*parts, hush(0.4)])

    wishes: Wishes = {at: partial(Pipeline.set_sensitivity, sensitivity=to) for at, to in turns.items()}
    assert observed(audio, rate, cuts, wishes) == observed(audio, rate, [320], wishes)


def test_listen_now_begins_a_segment_without_a_voice_and_brings_what_was_said_just_before() -> None:
    pipeline = make(EndpointConfig(no_words_s=2))
    feed(pipeline, chunks(hush(1)))
    pipeline.listen_now(10)
    [started] = feed(pipeline, chunks(hush(4), first=RATE_HZ))  # longer than `no_words_s` and the gate's hangover
    assert isinstance(started, SpeechStarted)
    assert started.at_s == pytest.approx(1.0, abs=0.03)
    seen = feed(pipeline, chunks(np.concatenate([tone(1), hush(1)]), first=5 * RATE_HZ))
    [final] = finals(seen)
    assert final.hypothesis.text == "w0 w1"
    assert final.start_s == pytest.approx(0.4, abs=0.03)
    assert not pipeline.listening_now
    assert feed(pipeline, chunks(hush(3), first=7 * RATE_HZ)) == []


def test_listen_now_ends_with_its_time_when_nobody_speaks() -> None:
    pipeline = make()
    pipeline.listen_now(3)  # before the stream has begun
    started, ended = feed(pipeline, chunks(hush(5)))
    assert isinstance(started, SpeechStarted)
    assert isinstance(ended, SpeechEnded)
    assert (ended.end_reason, ended.words) == (EndReason.SILENCE, 0)
    assert ended.at_s == pytest.approx(3.0, abs=0.1)


def test_listen_now_keeps_a_segment_open_and_never_beyond_its_maximum() -> None:
    pipeline = make(EndpointConfig(max_utterance_s=5, no_words_s=1))
    feed(pipeline, chunks(np.concatenate([hush(1), tone(0.2)])))  # too short for a word
    pipeline.listen_now(60)
    seen = feed(pipeline, chunks(hush(6), first=round(1.2 * RATE_HZ)))
    ends = [one.end_reason for one in seen if isinstance(one, SpeechEnded)]
    assert ends == [EndReason.MAX_LENGTH]


def test_a_mute_ends_it_and_a_new_stream_does_not() -> None:
    pipeline = make()
    feed(pipeline, chunks(hush(1)))
    for reason, stands in ((EndReason.MUTE, False), (EndReason.DISCONTINUITY, True)):
        pipeline.listen_now(5)
        pipeline.end(reason)
        assert pipeline.listening_now is stands
    assert isinstance(pipeline.process(AudioChunk("t", 0, hush(0.1), RATE_HZ, 0))[0], SpeechStarted)


def test_who_is_about_to_speak_is_not_raised_by_the_noise_before(monkeypatch: pytest.MonkeyPatch) -> None:
    recognizer, gains = LoudRecognizer(), list[float]()
    start = recognizer.start
    monkeypatch.setattr(recognizer, "start", lambda gain: gains.append(gain) or start(gain))  # type: ignore[func-returns-value]
    pipeline = make(recognizer=recognizer)
    pipeline.listen_now(1)
    feed(pipeline, chunks(np.concatenate([hush(3), tone(1, 200)])))
    assert gains == [1.0]


@given(
    cuts=st.lists(st.integers(1, 5000), min_size=1, max_size=40),
    rate=st.sampled_from([16_000, 44_100, 48_000, 8_000]),
    presses=st.dictionaries(st.integers(0, 66_000), st.integers(1, 5), min_size=1, max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_any_cutting_gives_the_same_when_it_is_told_to_listen_at_the_same_samples(
    cuts: list[int], rate: int, presses: dict[int, int]
) -> None:
    audio = np.concatenate([hush(0.8), tone(0.7), hush(1.5), tone(0.3), hush(0.7), tone(0.6), hush(0.4)])

    wishes: Wishes = {at: partial(Pipeline.listen_now, seconds=seconds) for at, seconds in presses.items()}
    assert observed(audio, rate, cuts, wishes) == observed(audio, rate, [320], wishes)
