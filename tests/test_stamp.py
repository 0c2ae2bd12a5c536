"""From observations to events: ids, wall time, latency."""

import pytest

from edge_asr.asr.result import EndReason, Hypothesis, Unknown, Word
from edge_asr.audio.chunk import AudioChunk
from edge_asr.events import FinalEvent, PartialEvent, SpeechEndedEvent, SpeechStartedEvent, UnknownEvent
from edge_asr.observation import SpeechEnded, SpeechStarted, Transcript, Understanding
from edge_asr.stamp import CaptureClock, Stamp
from tests.fakes import HandClock, hush

S = 1_000_000_000


def chunk(first: int, captured_ns: int, stream: str = "s") -> AudioChunk:
    return AudioChunk(stream, first, hush(0.02), 16_000, captured_ns)


def transcript(end_reason: EndReason | None, revision: int = 1, words: tuple[Word, ...] | None = None) -> Transcript:
    found = (Word("good", 0.5, 0.8, 0.9), Word("day", 0.8, 1.0, 0.5)) if words is None else words
    hypothesis = Hypothesis(found, 1.6, 0.6, timed=end_reason is not None)
    return Transcript("s", "s-1", revision, hypothesis, 10.4, 10.0, 11.6, end_reason)


def test_the_capture_clock_trusts_the_earliest_arrival() -> None:
    clock = CaptureClock()
    assert clock.captured_ns(1.0) == 0
    for number, late_ms in enumerate([30, 5, 80, 0, 60]):
        clock.observe(chunk(number * 320, 7 * S + (number + 1) * S // 50 + late_ms * 1_000_000))
    assert clock.captured_ns(0.0) == 7 * S
    assert clock.captured_ns(2.5) == 9 * S + S // 2


def test_the_capture_clock_follows_a_slow_sound_card() -> None:
    clock = CaptureClock()
    drift = 1.0005  # half a millisecond a second
    for number in range(3000):
        end_s = (number + 1) * 0.02
        clock.observe(chunk(number * 320, round(end_s * drift * S)))
    assert clock.captured_ns(60.0) == pytest.approx(60.0 * drift * S, abs=0.006 * S)


def test_a_new_stream_is_a_new_clock() -> None:
    clock = CaptureClock()
    clock.observe(chunk(0, 1 * S))
    clock.observe(chunk(0, 100 * S, "t"))
    assert clock.captured_ns(0.02) == 100 * S


def test_latencies_are_counted_from_the_samples() -> None:
    clock = HandClock()
    stamp = Stamp(clock, "dev", "en", "tiny", lambda at_s: round(at_s * S))
    clock.ns = round(11.0 * S)
    partial = stamp.event(transcript(None))
    assert isinstance(partial, PartialEvent)
    assert partial.latency_ms.first_token == pytest.approx(500)  # from the first word, as the path now has it
    assert partial.words == []
    clock.ns = round(11.75 * S)
    final = stamp.event(transcript(EndReason.SILENCE, revision=2))
    assert isinstance(final, FinalEvent)
    assert final.latency_ms.first_token == pytest.approx(500)  # and now that its place is known
    assert final.latency_ms.finalization == pytest.approx(750)  # from the last word's end
    assert final.latency_ms.decision == pytest.approx(150)
    assert (final.start_s, final.end_s) == (10.5, 11.0)
    assert [(word.word, word.start_s, word.end_s) for word in final.words] == [
        ("good", 10.5, 10.8),
        ("day", 10.8, 11.0),
    ]
    assert final.confidence == pytest.approx((0.9 * 0.3 + 0.5 * 0.2) / 0.5)
    assert final.end_reason == "silence"
    assert final.start < final.end < final.emitted_at


def test_a_partial_of_noise_before_the_first_word_tells_nothing_of_the_first_token() -> None:
    clock = HandClock()
    stamp = Stamp(clock, "dev", "en", "tiny", lambda at_s: round(at_s * S))
    clock.ns = 11 * S
    stamp.event(transcript(None))
    clock.ns = 15 * S
    final = stamp.event(transcript(EndReason.SILENCE, 2, (Word("good", 3.0, 3.5, 0.9),)))
    assert isinstance(final, FinalEvent)
    assert final.latency_ms.first_token is None
    assert final.latency_ms.finalization == pytest.approx(1500)


def test_words_that_were_never_timed_have_no_confidence() -> None:
    stamp = Stamp(HandClock(), "dev", "en", "tiny", None)
    hypothesis = Hypothesis((Word("good", 0.5, 0.8, 0.0),), 1.6, 0.6, timed=False)
    final = stamp.event(Transcript("s", "s-1", 2, hypothesis, 10.4, 10.0, 11.6, EndReason.ERROR, truncated=True))
    assert isinstance(final, FinalEvent)
    assert (final.text, final.words, final.confidence) == ("good", [], None)


def test_a_final_without_words_or_partials_still_has_its_times() -> None:
    clock = HandClock()
    stamp = Stamp(clock, "dev", "en", "tiny", lambda at_s: round(at_s * S))
    final = stamp.event(transcript(EndReason.ERROR, words=()))
    assert isinstance(final, FinalEvent)
    assert (final.text, final.words, final.confidence) == ("", [], None)


def test_files_have_no_latency_and_times_from_their_beginning() -> None:
    clock = HandClock()
    stamp = Stamp(clock, "dev", "en", "tiny", None)
    clock.advance_s(3.0)
    final = stamp.event(transcript(EndReason.END_OF_INPUT))
    assert isinstance(final, FinalEvent)
    assert final.latency_ms.finalization is None
    assert final.start.startswith("2024-01-01T00:00:11.5")


def test_started_ended_and_error_carry_the_ids() -> None:
    stamp = Stamp(HandClock(), "dev", "en", "tiny", lambda at_s: round(at_s * S))
    started = stamp.event(SpeechStarted("s", "s-1", 10.4))
    ended = stamp.event(SpeechEnded("s", "s-1", 11.6, EndReason.MUTE, 2))
    assert isinstance(started, SpeechStartedEvent)
    assert isinstance(ended, SpeechEndedEvent)
    assert (started.device_id, started.segment_id, started.start_s) == ("dev", "s-1", 10.4)
    assert (ended.end_reason, ended.words, ended.end_s) == ("mute", 2, 11.6)
    error = stamp.error("recognition", "it broke")
    assert (error.device_id, error.code, error.message) == ("dev", "recognition", "it broke")
    assert (error.stream_id, error.segment_id) == ("", "")
    lost = stamp.error("recognition", "it broke", "s", "s-1")
    assert (lost.stream_id, lost.segment_id, lost.emitted_at) == ("s", "s-1", started.emitted_at)


@pytest.mark.parametrize(("unknown", "reason"), [("undecided", "undecided"), ("unsaid", "unsaid"), (None, "other")])
def test_what_is_none_of_the_sentences_is_told_with_the_reason(unknown: Unknown | None, reason: str) -> None:
    heard = Hypothesis((), 1.6, 0.6, timed=True, unknown=unknown)
    event = Stamp(HandClock(), "dev", "en", "tiny", None).event(
        Understanding("s", "s-1", None, heard, 10.4, 10.0, 11.6)
    )
    assert isinstance(event, UnknownEvent)
    assert event.reason == reason


def test_a_word_that_has_no_place_yet_is_counted_from_the_onset() -> None:
    clock = HandClock()
    stamp = Stamp(clock, "dev", "en", "tiny", lambda at_s: round(at_s * S))
    clock.ns = round(11.0 * S)
    partial = stamp.event(transcript(None, words=(Word("good", 1.6, 1.6, 0.0),)))
    assert isinstance(partial, PartialEvent)
    assert partial.start_s == pytest.approx(10.4)
    assert partial.latency_ms.first_token == pytest.approx(600)
