"""The recognizer's thread: order, overload, mute, the end."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.result import Hypothesis
from edge_asr.audio.chunk import AudioChunk
from edge_asr.errors import ConfigError, RecognitionError
from edge_asr.events import PartialEvent, SpeechEndedEvent
from tests.fakes import LoudState, hush, tone
from tests.waiting import wait_until
from tests.worker_house import House


@pytest.fixture
def house() -> Iterator[House]:
    with House() as made:
        yield made


def test_speech_becomes_events_in_order_and_is_counted(house: House) -> None:
    house.worker.start()
    house.hear(np.concatenate([hush(1), tone(2), hush(2)]))
    wait_until(lambda: bool(house.finals()), 5.0, "the worker")
    house.finish()
    kinds = [event.__struct_config__.tag for event in house.sink.events]
    assert kinds[0] == "speech_started"
    assert kinds[-2:] == ["final", "speech_ended"]
    assert set(kinds[1:-2]) == {"partial"}
    assert house.count("words") == 4
    assert house.count("events", event_type="final") == 1
    assert house.count("audio_seconds") == pytest.approx(5.0)


def test_stopping_drains_the_ring_and_ends_the_utterance_as_shutdown(house: House) -> None:
    house.hear(np.concatenate([hush(1), tone(2)]))
    house.worker.start()
    house.finish()
    [final] = house.finals()
    assert (final.end_reason, final.text) == ("shutdown", "w0 w1 w2 w3")


def test_behind_by_a_second_there_are_no_partials_and_no_audio_is_lost(house: House) -> None:
    house.hear(np.concatenate([hush(1), tone(2), hush(2)]), age_s=1.5)
    house.worker.start()
    wait_until(lambda: bool(house.finals()), 5.0, "the worker")
    house.finish()
    assert not [event for event in house.sink.events if isinstance(event, PartialEvent)]
    assert [final.text for final in house.finals()] == ["w0 w1 w2 w3"]
    assert house.count("partials_suppressed") > 0
    assert house.count("audio_dropped_seconds", reason="lag") == 0


def test_far_behind_it_drops_to_the_newest_and_never_decodes_across(house: House) -> None:
    house.hear(np.concatenate([hush(1), tone(2)]))
    house.worker.start()
    wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
    house.hear(tone(3), age_s=5.0)
    house.hear(np.concatenate([tone(0.5), hush(2)]), age_s=0.0)
    wait_until(lambda: len(house.finals()) >= 1, 5.0, "the worker")
    house.finish()
    first = house.finals()[0]
    assert (first.end_reason, first.truncated, first.text) == ("discontinuity", True, "w0 w1 w2 w3")
    assert house.count("audio_dropped_seconds", reason="lag") > 0
    total_s = house.count("audio_seconds") + house.count("audio_dropped_seconds", reason="lag")
    assert total_s == pytest.approx(8.5)  # nothing is lost that is not counted


def test_a_microphone_that_falls_silent_mid_word_ends_the_utterance(house: House) -> None:
    house.worker.start()
    house.hear(np.concatenate([hush(1), tone(2)]))
    wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
    house.clock.advance_s(1.5)
    wait_until(lambda: bool(house.finals()), 5.0, "the worker")
    assert house.finals()[0].end_reason == "discontinuity"


def test_a_standstill_ends_the_utterance_even_where_nobody_has_waited_for_the_next_chunk(house: House) -> None:
    """The process was stopped, or the machine: what is missing then, the driver may not tell."""
    house.hear(np.concatenate([hush(1), tone(2)]))
    house.hear(np.concatenate([tone(1), hush(2)]), age_s=-1.5)
    house.worker.start()
    wait_until(lambda: len(house.finals()) == 2, 5.0, "the worker")
    assert [(final.end_reason, final.text) for final in house.finals()] == [
        ("discontinuity", "w0 w1 w2 w3"),
        ("silence", "w0 w1"),
    ]


def test_the_last_words_of_a_stream_are_stamped_by_its_own_clock(house: House) -> None:
    house.worker.start()
    house.position = 3600 * 16_000
    house.hear(np.concatenate([hush(1), tone(2)]))
    wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
    house.clock.advance_s(0.6)  # reopened before the quiet was noticed
    house.position = 0
    house.hear(hush(1), stream="t")
    wait_until(lambda: bool(house.finals()), 5.0, "the worker")
    [final] = house.finals()
    assert (final.stream_id, final.end_reason) == ("s", "discontinuity")
    assert final.latency_ms.finalization is not None
    assert 0 <= final.latency_ms.finalization < 5000
    assert final.end < final.emitted_at


def test_a_slow_machine_stops_in_time_with_the_words_it_has(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    step = house.recognizer.step

    def slow(samples: NDArray[np.int16], state: LoudState, **how: bool) -> tuple[Hypothesis | None, LoudState]:
        house.stopping.wait(5.0)
        house.clock.advance_s(len(samples) / 16_000)
        return step(samples, state, **how)

    monkeypatch.setattr(house.recognizer, "step", slow)
    house.hear(np.concatenate([hush(1), tone(9)]))
    house.worker.start()
    house.ring.close()
    assert house.worker.stop(2.0)
    [final] = house.finals()
    assert (final.end_reason, final.truncated) == ("shutdown", True)
    assert final.text.startswith("w0")
    assert house.clock.ns < 3.5e9  # one second when it began
    dropped_s = house.count("audio_dropped_seconds", reason="shutdown")
    assert dropped_s > 5
    assert house.count("audio_seconds") + dropped_s == pytest.approx(10.0)


def test_what_computes_beyond_the_end_is_stopped_and_the_last_partial_is_the_final(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def long(state: LoudState) -> tuple[Hypothesis, LoudState]:
        assert house.recognizer.stopped.wait(5.0)
        raise RecognitionError("stopped")

    monkeypatch.setattr(house.recognizer, "finish", long)
    house.hear(np.concatenate([hush(1), tone(2)]))
    house.worker.start()
    wait_until(lambda: [seen for seen in house.sink.events if isinstance(seen, PartialEvent)], 5.0, "a partial")
    house.ring.close()
    assert house.worker.stop(2.0)
    [final] = house.finals()
    assert (final.end_reason, final.text[:2]) == ("error", "w0")


def test_what_arrives_while_the_stop_begins_is_still_heard(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    pop = house.ring.pop

    def pop_just_before_the_stop(wait_s: float) -> AudioChunk | None:
        chunk = pop(wait_s)
        if chunk is None and not house.stopping.is_set():
            house.hear(tone(1))
            house.ring.close()
            house.stopping.set()
        return chunk

    monkeypatch.setattr(house.ring, "pop", pop_just_before_the_stop)
    house.hear(np.concatenate([hush(1), tone(1)]))
    house.worker.start()
    wait_until(lambda: bool(house.finals()), 5.0, "the worker")
    assert [final.text for final in house.finals()] == ["w0 w1 w2 w3"]


def test_the_heartbeat_is_the_loops_own(house: House) -> None:
    house.worker.start()
    house.clock.advance_s(60.0)
    wait_until(lambda: house.worker.beat_age_s() < 1.0, 5.0, "the worker")
    house.finish()
    house.clock.advance_s(60.0)
    assert house.worker.beat_age_s() >= 60.0


def test_mute_ends_the_utterance_and_hears_nothing_until_it_is_over(house: House) -> None:
    house.worker.start()
    house.hear(np.concatenate([hush(1), tone(2)]))
    wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
    house.worker.mute(on=True)
    house.hear(np.concatenate([tone(2), hush(2)]))
    wait_until(lambda: bool(house.finals()), 5.0, "the worker")
    wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
    house.worker.mute(on=False)
    house.hear(np.concatenate([hush(1), tone(1), hush(2)]))
    wait_until(lambda: len(house.finals()) == 2, 5.0, "the worker")
    assert [(final.end_reason, final.text) for final in house.finals()] == [
        ("mute", "w0 w1 w2 w3"),
        ("silence", "w0 w1"),
    ]
    assert house.count("audio_dropped_seconds", reason="mute") > 3.5


def test_what_was_said_during_a_brief_mute_is_not_heard_after_it_by_a_worker_busy_all_the_while(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, busy, done = house.recognizer.step, threading.Event(), threading.Event()

    def slow(samples: NDArray[np.int16], state: LoudState, **how: bool) -> tuple[Hypothesis | None, LoudState]:
        busy.set()
        done.wait(5.0)
        return step(samples, state, **how)

    monkeypatch.setattr(house.recognizer, "step", slow)
    house.hear(np.concatenate([hush(1), tone(0.5)]))
    house.worker.start()
    assert busy.wait(5.0)
    house.worker.mute(on=True)
    house.hear(tone(2))
    house.clock.advance_s(0.4)
    house.worker.mute(on=False)
    house.hear(np.concatenate([hush(1), tone(1), hush(2)]))
    done.set()
    wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
    house.finish()
    assert [event.end_reason for event in house.sink.events if isinstance(event, SpeechEndedEvent)] == [
        "mute",
        "silence",
    ]
    assert house.finals()[-1].text == "w0 w1"
    assert house.count("audio_dropped_seconds", reason="mute") >= 2.0


def test_sensitivity_changes_while_it_runs(house: House) -> None:
    quiet = np.concatenate([hush(1), tone(1, 900), hush(2)])
    house.worker.start()
    house.hear(quiet)
    wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
    house.worker.set_sensitivity(10)
    house.worker.set_sensitivity(100)
    house.hear(quiet)
    wait_until(lambda: bool(house.sink.events), 5.0, "the worker")
    house.finish()
    kinds = [event.__struct_config__.tag for event in house.sink.events]
    assert kinds == ["speech_started", "speech_ended"]
    assert house.vad.level == pytest.approx(300.0)


def test_a_sensitivity_off_the_scale_is_refused_where_it_was_asked_for(house: House) -> None:
    with pytest.raises(ConfigError, match="sensitivity = -1: expected a whole number from 0 to 100"):
        house.worker.set_sensitivity(-1)
    house.worker.start()
    house.hear(np.concatenate([hush(1), tone(1), hush(2)]))
    wait_until(lambda: bool(house.finals()), 5.0, "the worker")
    assert house.vad.level == 1000.0
    assert house.fatal == []


def test_listen_now_begins_with_what_is_captured_after_it_was_asked_for(house: House) -> None:
    house.worker.listen_now(2.0)
    house.hear(hush(1), age_s=0.5)  # captured before
    house.worker.start()
    wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
    assert house.sink.events == []
    house.hear(hush(0.1))
    wait_until(lambda: house.worker.listening_now, 5.0, "the worker")
    house.hear(hush(3))
    house.finish()
    kinds = [event.__struct_config__.tag for event in house.sink.events]
    assert kinds == ["speech_started", "speech_ended"]
    assert not house.worker.listening_now


def test_listen_now_is_forgotten_when_the_microphone_comes_later(house: House) -> None:
    house.worker.start()
    house.worker.listen_now(2.0)
    house.clock.advance_s(1.5)
    house.hear(hush(3))
    house.finish()
    assert house.sink.events == []
