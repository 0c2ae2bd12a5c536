"""Computing ahead of the final, in the daemon's own order: it changes nothing that is said."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr import second_pass_worker
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.events import Event, FinalEvent, PartialEvent, SpeechEndedEvent
from edge_asr.second_pass import SecondPass
from edge_asr.second_pass_worker import SecondPassWorker
from tests.fakes import hush, tone
from tests.rescorers import GivenUp, ScriptedRescorer
from tests.waiting import wait_until
from tests.worker_house import House

TWO_PAUSES = np.concatenate([hush(1), tone(1), hush(0.5), tone(1.3), hush(0.5), tone(0.6), hush(1.5)])
RECORDING = np.concatenate([TWO_PAUSES, tone(1.1), hush(1.2), tone(0.6), hush(0.4), tone(0.7), hush(1)])


@pytest.fixture(autouse=True)
def _no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A final whose text is there is waited for, however slow the machine is."""
    monkeypatch.setattr(second_pass_worker, "_SOON_S", 5.0)


def events_of(samples: NDArray[np.int16], sizes: Sequence[int], *, speculate: bool) -> tuple[House, list[Event]]:
    """Everything that is published of a recording that comes in pieces of these sizes, in real order."""
    with House() as house:
        rescorer = ScriptedRescorer(lambda count: f"Well, {count}.")
        second_pass = SecondPass(rescorer, 10.0)
        rewriter = SecondPassWorker(second_pass, 4.0, house.clock, house.metrics, speculate=speculate)
        house.worker._second_pass = rewriter
        house.worker.start()
        at, turn = 0, 0
        while at < len(samples):
            piece = samples[at : at + sizes[turn % len(sizes)]]
            house.ring.push(AudioChunk("s", at, piece, 16_000, house.clock.ns))
            at, turn = at + len(piece), turn + 1
            wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
            wait_until(lambda: (ahead := rewriter._ahead) is None or ahead.done, 5.0, "what was begun")
        house.finish()
        return house, house.sink.events


def told(events: Sequence[Event]) -> list[tuple[object, ...]]:
    """Order and content, but for the end of speech: that may be told before its final, and after it."""
    out: list[tuple[object, ...]] = []
    for one in events:
        if isinstance(one, FinalEvent):
            words = tuple((word.word, word.start_s, word.end_s, word.confidence) for word in one.words)
            out.append(("final", one.segment_id, one.text, one.revision, one.end_reason, one.model, words))
        elif isinstance(one, PartialEvent):
            out.append(("partial", one.segment_id, one.text, one.revision))
        elif not isinstance(one, SpeechEndedEvent):
            out.append((type(one).__name__, one.segment_id))
    return [one for one in out if one[0] == "final"] + [one for one in out if one[0] != "final"]


@pytest.fixture(scope="module")
def plain() -> list[Event]:
    """What is said of the recording when nothing is computed ahead."""
    return events_of(RECORDING, [1600], speculate=False)[1]


@given(sizes=st.lists(st.integers(400, 6000), min_size=1, max_size=10))
@settings(max_examples=8, deadline=None)
def test_computing_ahead_changes_nothing_that_is_said(plain: list[Event], sizes: list[int]) -> None:
    house, ahead = events_of(RECORDING, sizes, speculate=True)
    assert told(ahead) == told(plain)
    assert len([one for one in plain if isinstance(one, FinalEvent)]) == 3
    assert house.fatal == []


def test_pauses_within_speech_are_counted_as_void_and_ends_as_used() -> None:
    house, _ = events_of(TWO_PAUSES, [320], speculate=True)
    assert house.count("second_pass_speculations", outcome="used") == 1
    assert house.count("second_pass_speculations", outcome="void") == 2
    house, _ = events_of(TWO_PAUSES, [320], speculate=False)
    assert house.count("second_pass_speculations", outcome="used") == 0
    assert house.count("second_pass_speculations", outcome="void") == 0


def test_a_mute_in_the_pause_ends_what_was_begun() -> None:
    with House() as house:
        rescorer = GivenUp()
        house.worker._second_pass = SecondPassWorker(SecondPass(rescorer, 10.0), 4.0, house.clock, house.metrics)
        house.worker.start()
        house.hear(np.concatenate([hush(1), tone(1), hush(0.5)]))
        assert rescorer.busy.wait(5.0)
        house.worker.mute(on=True)
        house.hear(hush(0.02))
        wait_until(lambda: rescorer.given_up, 5.0, "the giving up")
        rescorer.go.set()
        wait_until(lambda: bool(house.finals()), 5.0, "the final")
        [said] = house.finals()
        assert said.end_reason == EndReason.MUTE
        assert said.text != f"Well, {len(tone(1.2))}."
        assert house.count("second_pass_speculations", outcome="void") == 1
