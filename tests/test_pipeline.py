"""The one function of the data path, with a recognizer that can be foreseen."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.config import EndpointConfig, GateConfig
from edge_asr.errors import ConfigError
from edge_asr.observation import Observation, SpeechEnded, SpeechStarted, Transcript
from edge_asr.pipeline import Pipeline
from tests.fakes import RATE_HZ, LoudRecognizer, LoudState, LoudVad, hush, tone


def make(endpoint: EndpointConfig | None = None, recognizer: LoudRecognizer | None = None) -> Pipeline[LoudState]:
    return Pipeline(GateConfig(), endpoint or EndpointConfig(), LoudVad(), recognizer or LoudRecognizer())


def chunks(samples: NDArray[np.int16], size: int = 320, first: int = 0, rate: int = RATE_HZ) -> list[AudioChunk]:
    return [AudioChunk("s", first + at, samples[at : at + size], rate, 0) for at in range(0, len(samples), size)]


def feed(pipeline: Pipeline[LoudState], audio: list[AudioChunk], end: EndReason | None = None) -> list[Observation]:
    out = [seen for chunk in audio for seen in pipeline.process(chunk)]
    return out + (pipeline.end(end) if end else [])


def finals(seen: list[Observation]) -> list[Transcript]:
    return [one for one in seen if isinstance(one, Transcript) and one.end_reason]


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


# --- sensitivity, while it runs


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

    def observed(sizes: list[int]) -> list[Observation]:
        pipeline, seen, at, number = make(), list[Observation](), 0, 0
        while at < len(audio):
            if at in turns:
                pipeline.set_sensitivity(turns[at])
            following = min((turn for turn in turns if turn > at), default=len(audio))
            end = min(at + sizes[number % len(sizes)], following, len(audio))
            seen += pipeline.process(AudioChunk("s", at, audio[at:end], rate, 0))
            at, number = end, number + 1
        return seen + pipeline.end(EndReason.END_OF_INPUT)

    assert observed(cuts) == observed([320])


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

    def observed(sizes: list[int]) -> list[Observation]:
        pipeline, seen, at, number = make(), list[Observation](), 0, 0
        while at < len(audio):
            if at in presses:
                pipeline.listen_now(presses[at])
            following = min((press for press in presses if press > at), default=len(audio))
            end = min(at + sizes[number % len(sizes)], following, len(audio))
            seen += pipeline.process(AudioChunk("s", at, audio[at:end], rate, 0))
            at, number = end, number + 1
        return seen + pipeline.end(EndReason.END_OF_INPUT)

    assert observed(cuts) == observed([320])


def candidates(pipeline: Pipeline[LoudState], audio: list[AudioChunk]) -> list[tuple[Transcript | None, bool]]:
    """What the pipeline foresees after each chunk, and whether that chunk has brought a final."""
    out = []
    for chunk in audio:
        seen = pipeline.process(chunk)
        out.append((pipeline.candidate, bool(finals(seen))))
    return out


def test_a_pause_that_is_likely_to_be_the_end_is_foreseen_with_what_will_be_heard() -> None:
    pipeline = make()
    audio = chunks(np.concatenate([hush(1), tone(2), hush(2)]))
    found = candidates(pipeline, audio)
    [final] = finals(feed(make(), audio))
    foreseen = [one for one, _ in found if one is not None]
    assert len({id(one) for one in foreseen}) == 1  # the same pause
    [end] = [number for number, (_, ended) in enumerate(found) if ended]
    assert [one is not None for one, _ in found[end - 11 : end + 1]] == [True] * 11 + [False]
    [candidate] = {one.revision: one for one in foreseen}.values()
    assert (candidate.segment_id, candidate.start_s, candidate.revision) == (
        final.segment_id,
        final.start_s,
        final.revision,
    )
    assert candidate.hypothesis.sound_end_s == pytest.approx(final.hypothesis.sound_end_s)
    assert final.hypothesis.sound_end_s == pytest.approx(3.0 - final.start_s)
    assert np.array_equal(candidate.samples, final.samples[: len(candidate.samples)])
    assert len(final.samples) > len(candidate.samples) > (final.hypothesis.sound_end_s + 0.2) * RATE_HZ


def test_when_speech_goes_on_the_end_is_no_longer_foreseen_and_the_next_pause_is_another() -> None:
    found = candidates(make(), chunks(np.concatenate([hush(1), tone(2), hush(0.5), tone(1), hush(2)])))
    runs = [one for number, (one, _) in enumerate(found) if one is not None and found[number - 1][0] is not one]
    assert [round(one.start_s + one.hypothesis.sound_end_s, 2) for one in runs] == [3.0, 4.5]
    assert {one.segment_id for one in runs} == {"s-1"}
    assert found[round(3.7 / 0.02)][0] is None


@given(sizes=st.lists(st.integers(1, 9000), min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_looking_at_what_is_foreseen_changes_nothing_and_any_cutting_foresees_the_same(sizes: list[int]) -> None:
    speech = np.concatenate([hush(1), tone(1), hush(0.5), tone(1.3), hush(0.45), tone(0.6), hush(2)])
    pipeline, at, seen = make(), 0, []
    foreseen: dict[str, float] = {}
    for turn in range(len(speech)):
        size = sizes[turn % len(sizes)]
        seen += pipeline.process(AudioChunk("s", at, speech[at : at + size], RATE_HZ, 0))
        if (one := pipeline.candidate) is not None:
            foreseen[one.segment_id] = round(one.hypothesis.sound_end_s, 6)
        at += size
        if at >= len(speech):
            break
    expected = feed(make(), chunks(speech))
    assert seen == expected
    by_segment = {final.segment_id: round(final.hypothesis.sound_end_s, 6) for final in finals(expected)}
    if max(sizes) <= 1600:  # who looks seldom may see no pause, or only one before the last
        assert foreseen == by_segment


@pytest.mark.parametrize("reason", [EndReason.MUTE, EndReason.SHUTDOWN, EndReason.DISCONTINUITY])
def test_whatever_ends_the_utterance_ends_what_was_foreseen(reason: EndReason) -> None:
    pipeline = make()
    feed(pipeline, chunks(np.concatenate([hush(1), tone(2), hush(0.5)])))
    before = pipeline.candidate
    pipeline.end(reason)
    after = pipeline.candidate
    assert before is not None
    assert after is None


def test_an_error_ends_what_was_foreseen() -> None:
    pipeline = make()
    feed(pipeline, chunks(np.concatenate([hush(1), tone(2), hush(0.5)])))
    before = pipeline.candidate
    pipeline.abandon()
    after = pipeline.candidate
    assert before is not None
    assert after is None
