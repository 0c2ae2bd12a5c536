from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from edge_asr.bench.latency import Stopwatch
from edge_asr.bench.latency_report import latency_json, latency_text
from edge_asr.events import Latency
from tests.fakes import HandClock
from tests.sample_events import final, partial, speech_ended, speech_started

SENTENCE = Path("sentence.wav")


class Session:
    """A stopwatch and its clock; a sentence sounds from 0.3 s after it was started."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.sound_ns: int | None = None
        self.watch = Stopwatch(lambda path: self.sound_ns if path == SENTENCE else None, self.clock)

    def play(self) -> None:
        self.watch.played(SENTENCE)
        self.sound_ns = self.clock.monotonic_ns() + 300_000_000

    def hear(self, event: msgspec.Struct, after_s: float, *, emitted_ago_ms: float = 4.0) -> None:
        self.clock.advance_s(after_s)
        emitted = self.clock.now() - timedelta(milliseconds=emitted_ago_ms)
        stamped = msgspec.structs.replace(event, emitted_at=emitted.isoformat(timespec="milliseconds"))
        self.watch.received(stamped)  # type: ignore[arg-type]


def test_a_sentence_is_timed_on_its_first_partial_and_its_final() -> None:
    session = Session()
    session.play()
    session.hear(speech_started(), 0.4)
    first = msgspec.structs.replace(partial("he"), latency_ms=Latency(first_token=510.0))
    session.hear(first, 0.35)
    session.hear(msgspec.structs.replace(partial("he was"), revision=2), 0.5)
    said = msgspec.structs.replace(
        final("he was"), latency_ms=Latency(first_token=470.0, finalization=900.0, decision=40.0)
    )
    session.hear(said, 2.0)
    session.hear(speech_ended(2), 0.0)
    seen = session.watch.latencies
    assert seen.partial_after_sound == pytest.approx([450.0])
    assert (seen.partial_first_word, seen.final_first_word) == ([510.0], [470.0])
    assert (seen.decision, seen.finalization) == ([40.0], [900.0])
    assert seen.transport == pytest.approx([4.0] * 5, abs=1.0)
    assert seen.sentences == 1


def test_the_second_segment_of_a_sentence_is_not_timed_from_its_sound() -> None:
    session = Session()
    session.play()
    session.hear(partial("he", "s-1"), 1.0)
    session.hear(final("he", "s-1"), 1.0)
    session.hear(partial("was", "s-2"), 1.0)
    assert len(session.watch.latencies.partial_after_sound) == 1


def test_a_sound_that_was_not_heard_is_not_timed() -> None:
    session = Session()
    session.play()
    session.sound_ns = None
    session.hear(partial("he"), 1.0)
    assert session.watch.latencies.partial_after_sound == []


def test_a_final_without_a_partial_has_no_first_token() -> None:
    session = Session()
    session.play()
    alone = msgspec.structs.replace(final("he"), revision=1, latency_ms=Latency(first_token=900.0, decision=10.0))
    session.hear(alone, 1.0)
    session.hear(partial("was", "s-2"), 1.0)
    seen = session.watch.latencies
    assert (seen.partial_after_sound, seen.final_first_word, seen.decision) == ([], [], [10.0])


def test_the_report_holds_the_values_against_the_targets() -> None:
    session = Session()
    seen = session.watch.latencies
    seen.partial_after_sound = [500.0, 599.9, 600.1]
    seen.decision = [20.0]
    seen.sentences, seen.unanswered = 4, ["mumble.wav", "mumble.wav"]
    lines = latency_text(seen).splitlines()
    assert lines[1].endswith("3   599.9  600.1  600.1     600  2 of 3")
    assert lines[4].endswith("1    20.0   20.0   20.0     300  1 of 1")
    assert lines[2].endswith("0       -      -      -     600       -")
    assert lines[-1] == "2 of 4 sentences had no final: mumble.wav"
    figures = latency_json(seen)["latencies"]["partial_after_sound"]
    assert (figures["median_ms"], figures["p95_ms"], figures["target_ms"]) == (599.9, 600.1, 600)
