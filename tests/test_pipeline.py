"""The one function of the data path, with a recognizer that can be foreseen."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.config import EndpointConfig
from edge_asr.observation import Observation, SpeechEnded, SpeechStarted, Transcript
from tests.fakes import RATE_HZ, LoudRecognizer, LoudState, hush, tone
from tests.pipeline_feed import chunks, feed, finals, make


def test_an_utterance_is_started_grows_and_ends_once() -> None:
    seen = feed(make(), chunks(np.concatenate([hush(1), tone(2), hush(2)])))
    assert isinstance(seen[0], SpeechStarted)
    assert seen[0].at_s == pytest.approx(1.0, abs=0.03)
    assert isinstance(seen[-1], SpeechEnded)
    assert seen[-1].end_reason is EndReason.SILENCE
    texts = [one.hypothesis.text for one in seen if isinstance(one, Transcript)]
    assert texts[-1] == "w0 w1 w2 w3"
    assert texts == sorted(texts, key=len)
    [final] = finals(seen)
    assert [one.revision for one in seen if isinstance(one, Transcript)] == list(range(1, len(texts) + 1))
    assert final.segment_id == "s-1"
    assert not final.truncated
    word = final.hypothesis.words[0]
    assert final.start_s + word.start_s == pytest.approx(1.0, abs=0.01)


def test_the_pre_roll_reaches_the_recognizer() -> None:
    murmur = np.random.default_rng(1).integers(-50, 50, RATE_HZ).astype(np.int16)
    [final] = finals(feed(make(), chunks(np.concatenate([murmur, tone(1), hush(2)]))))
    assert 0.43 <= 1.0 - final.start_s <= 0.77
    assert final.onset_s == pytest.approx(1.0, abs=0.03)


def test_two_utterances_have_two_segments_in_order() -> None:
    audio = np.concatenate([hush(1), tone(1), hush(2), tone(1.5), hush(2)])
    assert [final.segment_id for final in finals(feed(make(), chunks(audio)))] == ["s-1", "s-2"]


def partials(seen: list[Observation]) -> list[str]:
    return [one.hypothesis.text for one in seen if isinstance(one, Transcript) and not one.end_reason]


def test_partials_say_how_much_of_them_is_stable() -> None:
    seen = feed(make(), chunks(np.concatenate([hush(1), tone(2.7), hush(2)])))
    shown = [one for one in seen if isinstance(one, Transcript) and not one.end_reason]
    assert [one.hypothesis.text[: one.stable_chars] for one in shown] == ["", "", "w0", "w0 w1", "w0 w1 w2"]


def test_one_unsure_word_is_no_first_partial() -> None:
    heard = np.concatenate([hush(1), tone(1.7), hush(2)])
    assert partials(feed(make(), chunks(heard))) == ["w0", "w0 w1", "w0 w1 w2"]
    assert partials(feed(make(recognizer=LoudRecognizer(confidence=0.3)), chunks(heard))) == ["w0 w1", "w0 w1 w2"]


def test_a_word_that_becomes_sure_is_shown_then() -> None:
    recognizer = LoudRecognizer(confidence=0.3)
    pipeline = make(recognizer=recognizer)
    audio = chunks(np.concatenate([hush(1), tone(0.9), hush(2)]))
    assert partials(feed(pipeline, audio[:80])) == []
    recognizer.confidence = 0.9
    assert partials(feed(pipeline, audio[80:])) == ["w0"]


def test_one_unsure_word_is_still_a_final() -> None:
    seen = feed(make(recognizer=LoudRecognizer(confidence=0.3)), chunks(np.concatenate([hush(1), tone(0.9), hush(2)])))
    assert partials(seen) == []
    assert [final.hypothesis.text for final in finals(seen)] == ["w0"]


def test_what_was_held_back_while_late_is_shown_afterwards() -> None:
    pipeline = make()
    audio = chunks(np.concatenate([hush(1), tone(0.9), hush(2)]))
    late = [one for chunk in audio[:80] for one in pipeline.process(chunk, partials=False)]
    assert partials(late) == []
    assert partials(feed(pipeline, audio[80:])) == ["w0"]


def test_silence_says_nothing() -> None:
    assert feed(make(), chunks(hush(20)), EndReason.END_OF_INPUT) == []


@pytest.mark.parametrize("reason", list(EndReason))
def test_whoever_ends_it_is_named(reason: EndReason) -> None:
    seen = feed(make(), chunks(np.concatenate([hush(1), tone(2)])), reason)
    [final] = finals(seen)
    assert final.end_reason is reason
    assert final.hypothesis.text == "w0 w1 w2 w3"
    assert final.truncated is (reason is not EndReason.END_OF_INPUT)


def test_a_gap_ends_the_utterance_and_nothing_is_decoded_across_it() -> None:
    pipeline = make()
    first = chunks(np.concatenate([hush(1), tone(1.2)]))
    seen = feed(pipeline, first)
    after = feed(pipeline, chunks(np.concatenate([tone(1.2), hush(2)]), first=first[-1].end_sample + 8000))
    cut, rest = finals(seen + after)
    assert (cut.end_reason, cut.truncated, cut.hypothesis.text) == (EndReason.DISCONTINUITY, True, "w0 w1")
    assert (rest.end_reason, rest.truncated, rest.hypothesis.text) == (EndReason.SILENCE, True, "w0 w1")
    assert rest.onset_s == pytest.approx(2.2 + 0.5, abs=0.03)


def test_a_new_stream_begins_anew() -> None:
    pipeline = make()
    feed(pipeline, chunks(np.concatenate([hush(1), tone(1.2)])))
    other = [
        AudioChunk("t", chunk.first_sample, chunk.samples, RATE_HZ, 0)
        for chunk in chunks(np.concatenate([hush(1), tone(1), hush(2)]))
    ]
    seen = feed(pipeline, other)
    assert [(final.stream_id, final.segment_id, final.truncated) for final in finals(seen)] == [
        ("s", "s-1", True),
        ("t", "t-1", False),
    ]


@pytest.mark.parametrize("longest_s", [5.0, 4.75, 4.98])
def test_long_speech_is_divided_between_words_and_loses_neither_sample_nor_word(longest_s: float) -> None:
    seen = feed(make(EndpointConfig(max_utterance_s=longest_s)), chunks(tone(14.2)), EndReason.END_OF_INPUT)
    *cut, last = finals(seen)
    assert len(cut) >= 2
    assert {final.end_reason for final in cut} == {EndReason.MAX_LENGTH}
    assert last.end_reason is EndReason.END_OF_INPUT
    assert sum(len(final.hypothesis.words) for final in finals(seen)) == 28
    assert sum(len(final.samples) for final in finals(seen)) == 14.2 * RATE_HZ
    for before, after in pairwise(finals(seen)):
        assert after.start_s == pytest.approx(before.start_s + before.hypothesis.decoded_s)
        assert before.hypothesis.decoded_s == len(before.samples) / RATE_HZ <= longest_s + 0.02
    assert [type(one) for one in seen if not isinstance(one, Transcript)] == [SpeechStarted, SpeechEnded] * len(cut) + [
        SpeechStarted,
        SpeechEnded,
    ]


def test_divided_speech_is_held_open_no_longer() -> None:
    pipeline = make(EndpointConfig(max_utterance_s=4.75))
    pipeline.listen_now(60)
    seen = feed(pipeline, chunks(np.concatenate([tone(6), hush(2)])))
    assert not pipeline.listening_now
    assert [final.end_reason for final in finals(seen)] == [EndReason.MAX_LENGTH, EndReason.SILENCE]
    assert sum(len(final.hypothesis.words) for final in finals(seen)) == 12


def test_what_follows_at_once_has_the_pause_before_it() -> None:
    rest = EndpointConfig(silence_s=0.6)
    seen = feed(make(rest), chunks(np.concatenate([hush(1), tone(2), hush(0.75), tone(2), hush(2)])))
    first, second = finals(seen)
    assert (first.end_reason, second.hypothesis.text) == (EndReason.SILENCE, "w0 w1 w2 w3")
    assert 3.0 < second.start_s < first.decided_s  # and none of the first one's last word
    assert second.onset_s - second.start_s == pytest.approx(0.34, abs=0.03)  # in digital silence; of 0.15 s since


def test_partials_can_be_suppressed_and_the_final_stays() -> None:
    pipeline = make()
    audio = chunks(np.concatenate([hush(1), tone(2), hush(2)]))
    seen = [one for chunk in audio for one in pipeline.process(chunk, partials=False)]
    assert [type(one) for one in seen] == [SpeechStarted, Transcript, SpeechEnded]


@pytest.mark.parametrize("wanted", [True, False])
def test_the_recognizer_is_told_whether_anybody_waits_for_partials(wanted: bool) -> None:
    recognizer = LoudRecognizer()
    pipeline = make(recognizer=recognizer)
    for chunk in chunks(np.concatenate([hush(1), tone(2)])):
        pipeline.process(chunk, partials=wanted)
    assert set(recognizer.wanted) == {wanted}


def test_after_an_error_the_segment_still_has_exactly_one_final() -> None:
    recognizer = LoudRecognizer()
    pipeline = make(recognizer=recognizer)
    seen = feed(pipeline, chunks(np.concatenate([hush(1), tone(2)])))
    recognizer.fail = True
    with pytest.raises(RuntimeError, match="told to fail"):
        feed(pipeline, chunks(tone(0.1), first=48_000))
    seen += pipeline.abandon()
    recognizer.fail = False
    [final] = finals(seen)
    assert final.end_reason is EndReason.ERROR
    assert final.hypothesis.text.startswith("w0 w1")
    assert finals(feed(pipeline, chunks(np.concatenate([tone(1), hush(2)]), first=49_600)))


def test_what_a_failing_call_had_seen_is_not_lost() -> None:
    recognizer = LoudRecognizer()
    pipeline = make(recognizer=recognizer)
    seen = feed(pipeline, chunks(np.concatenate([hush(1), tone(2)])))

    def fail_from_now_on(gain: float = 1.0) -> LoudState:
        recognizer.fail = True
        return LoudState()

    recognizer.start = fail_from_now_on  # type: ignore[method-assign]
    long_chunk = AudioChunk("s", 48_000, np.concatenate([hush(1.5), tone(1)]), RATE_HZ, 0)
    with pytest.raises(RuntimeError, match="told to fail"):
        pipeline.process(long_chunk)
    seen += pipeline.abandon()
    assert [(final.segment_id, final.end_reason) for final in finals(seen)] == [("s-1", EndReason.SILENCE)]
    started = [one.segment_id for one in seen if isinstance(one, SpeechStarted)]
    ended = [(one.segment_id, one.end_reason) for one in seen if isinstance(one, SpeechEnded)]
    assert started == ["s-1", "s-2"]
    assert ended == [("s-1", EndReason.SILENCE), ("s-2", EndReason.ERROR)]
    assert pipeline.abandon() == []


def test_a_gap_after_the_run_was_ended_is_still_a_gap() -> None:
    pipeline = make()
    before = chunks(np.concatenate([hush(1), tone(1)]))
    feed(pipeline, before, EndReason.DISCONTINUITY)
    [final] = finals(feed(pipeline, chunks(np.concatenate([tone(1), hush(2)]), first=before[-1].end_sample + 16_000)))
    assert final.truncated


def test_a_stream_whose_beginning_is_missing_says_so() -> None:
    [final] = finals(feed(make(), chunks(np.concatenate([tone(1), hush(2)]), first=16_000)))
    assert final.truncated


def test_another_rate_within_a_stream_is_another_run() -> None:
    pipeline = make()
    feed(pipeline, chunks(hush(2)))
    faster = np.repeat(np.concatenate([hush(1), tone(1), hush(2)]), 3)
    [final] = finals(feed(pipeline, chunks(faster, 960, first=32_000, rate=48_000)))
    assert final.hypothesis.text in {"w0", "w0 w1"}


def test_chunks_without_samples_change_nothing() -> None:
    audio = np.concatenate([hush(1), tone(1), hush(2)])
    for rate in (16_000, 48_000):
        with_empty = [
            one
            for chunk in chunks(audio, rate=rate)
            for one in (AudioChunk("s", chunk.first_sample, np.empty(0, np.int16), rate, 0), chunk)
        ]
        expected = feed(make(), chunks(audio, rate=rate), EndReason.END_OF_INPUT)
        assert feed(make(), with_empty, EndReason.END_OF_INPUT) == expected


def test_a_final_carries_what_was_heard_and_nobody_can_change_it() -> None:
    audio = np.concatenate([hush(1), tone(1), hush(2)])
    seen = feed(make(), chunks(audio))
    [final] = finals(seen)
    begin = round(final.start_s * RATE_HZ)
    assert len(final.samples) == round((final.decided_s - final.start_s) * RATE_HZ)
    assert np.array_equal(final.samples, audio[begin : begin + len(final.samples)])
    with pytest.raises(ValueError, match="read-only"):
        final.samples[0] = 1
    assert all(not len(one.samples) for one in seen if isinstance(one, Transcript) and not one.end_reason)


@given(
    cuts=st.lists(st.integers(1, 5000), min_size=1, max_size=40),
    rate=st.sampled_from([16_000, 44_100, 48_000, 8_000, 22_050]),
)
@settings(max_examples=60, deadline=None)
def test_any_cutting_of_the_same_audio_gives_the_same_observations(cuts: list[int], rate: int) -> None:
    audio = np.concatenate([hush(0.7), tone(1.3), hush(1.1), tone(0.8), hush(0.3), tone(0.4)])
    expected = feed(make(), chunks(audio, 320, rate=rate), EndReason.END_OF_INPUT)
    pieces: list[AudioChunk] = []
    at = 0
    while at < len(audio):
        size = cuts[len(pieces) % len(cuts)]
        pieces.append(AudioChunk("s", at, audio[at : at + size], rate, 0))
        at += size
    seen = feed(make(), pieces, EndReason.END_OF_INPUT)
    assert seen == expected
    assert finals(expected)
    for one, other in zip(finals(seen), finals(expected), strict=True):
        assert np.array_equal(one.samples, other.samples)
