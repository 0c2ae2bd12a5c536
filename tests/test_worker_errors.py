"""What goes wrong in the recognizer's thread: what it costs, and what is said of it."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.result import Hypothesis
from edge_asr.events import ErrorEvent, Event, SpeechEndedEvent
from tests.fakes import ListSink, LoudState, hush, tone
from tests.waiting import wait_until
from tests.worker_house import House


@pytest.fixture
def house() -> Iterator[House]:
    with House() as made:
        yield made


def test_an_error_costs_one_utterance(house: House) -> None:
    house.worker.start()
    house.hear(np.concatenate([hush(1), tone(2)]))
    wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
    house.recognizer.fail = True
    house.hear(tone(0.02))
    wait_until(lambda: bool(house.errors()), 5.0, "the worker")
    house.recognizer.fail = False
    house.hear(np.concatenate([hush(1), tone(1), hush(2)]))
    wait_until(lambda: len(house.finals()) == 2, 5.0, "the worker")
    assert [final.end_reason for final in house.finals()] == ["error", "silence"]
    assert house.count("worker_errors", error="RuntimeError") == 1
    assert house.fatal == []
    [error] = house.errors()
    assert (error.stream_id, error.segment_id) == ("s", house.finals()[0].segment_id)


def test_an_error_while_nobody_speaks_names_the_stream_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(block: NDArray[np.int16]) -> bool:
        raise RuntimeError(f"no ear for {len(block)} samples")

    house.worker.start()
    house.hear(np.concatenate([hush(1), tone(1), hush(2)]))
    wait_until(lambda: bool(house.finals()), 5.0, "the worker")
    monkeypatch.setattr(house.vad, "voiced", fail)
    house.hear(hush(0.02))
    wait_until(lambda: bool(house.errors()), 5.0, "the worker")
    [error] = house.errors()
    assert (error.stream_id, error.segment_id) == ("s", "")


def test_an_error_at_the_end_of_a_stream_belongs_to_that_stream(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(state: LoudState) -> tuple[Hypothesis, LoudState]:
        raise RuntimeError(f"lost after {state.decoded} samples")

    monkeypatch.setattr(house.recognizer, "finish", fail)
    house.worker.start()
    house.hear(np.concatenate([hush(1), tone(2)]))
    house.position = 0
    house.hear(hush(1), stream="t")
    wait_until(lambda: bool(house.errors()), 5.0, "the worker")
    [error] = house.errors()
    assert (error.stream_id, error.segment_id) == ("s", "s-1")


def test_errors_that_repeat_end_the_process(house: House) -> None:
    house.recognizer.fail = True
    house.worker.start()
    for _ in range(8):
        house.hear(np.concatenate([hush(0.5), tone(1)]))
    wait_until(lambda: bool(house.fatal), 5.0, "the worker")
    assert "4 times within a minute" in house.fatal[0]
    ends = [event for event in house.sink.events if isinstance(event, SpeechEndedEvent)]
    assert {event.end_reason for event in ends} == {"error"}


class BrokenSink(ListSink):
    """Breaks its promise never to raise."""

    def emit(self, event: Event) -> None:
        raise RuntimeError(f"broken by {type(event).__name__}")


def test_a_sink_that_raises_harms_nobody_else(house: House) -> None:
    house.sinks.insert(0, BrokenSink())
    house.worker.start()
    house.hear(np.concatenate([hush(1), tone(2), hush(2)]))
    wait_until(lambda: bool(house.finals()), 5.0, "the other sink")
    house.finish()
    assert house.count("sink_errors", sink="BrokenSink") == len(house.sink.events)
    assert house.count("worker_errors", error="RuntimeError") == 0


def test_a_worker_that_cannot_even_report_its_error_says_so_and_ends(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: str) -> ErrorEvent:
        raise OverflowError("no such date")

    monkeypatch.setattr(house.stamp, "error", fail)
    house.recognizer.fail = True
    house.worker.start()
    house.hear(np.concatenate([hush(1), tone(2)]))
    wait_until(lambda: bool(house.fatal), 5.0, "the worker")
    assert "OverflowError: no such date" in house.fatal[0]
