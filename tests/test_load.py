"""The load is told once a minute, of that minute alone."""

import pytest

from edge_asr.events import LoadReport
from edge_asr.load import Effort, LoadMeter
from tests.fakes import HandClock, ListSink, hush, tone
from tests.waiting import wait_until
from tests.worker_house import House


def test_it_is_told_once_a_minute_and_of_that_minute_alone() -> None:
    clock, sink = HandClock(), ListSink()
    effort = Effort(0.0, 0.0, 0.0)
    meter = LoadMeter(lambda: effort, [sink], clock)
    meter.look()
    effort = Effort(6.0, 60.0, 0.25)
    clock.advance_s(60)
    meter.look()
    meter.look()
    effort = Effort(18.0, 90.0, 1.5)
    clock.advance_s(61)
    meter.look()
    clock.advance_s(60)
    meter.look()  # muted all the while
    assert sink.reports == [
        LoadReport(rtf=0.1, lag_s=0.25, over_s=60.0),
        LoadReport(rtf=0.4, lag_s=1.5, over_s=61.0),
        LoadReport(rtf=None, lag_s=1.5, over_s=60.0),
    ]


def test_the_worker_counts_computing_audio_and_the_worst_lag() -> None:
    with House() as house:
        step = house.recognizer.step

        def slow(*words: object, **more: object) -> object:
            house.clock.advance_s(0.01)
            return step(*words, **more)  # type: ignore[arg-type]

        house.recognizer.step = slow  # type: ignore[method-assign, assignment]
        house.worker.start()
        house.hear(hush(1), age_s=0.5)
        wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
        house.hear(tone(1))
        house.hear(hush(2))
        house.finish()
    busy_s, heard_s, worst_s = house.worker.effort()
    assert heard_s > 3.9
    assert busy_s > 0.5
    assert busy_s == pytest.approx(0.01 * round(busy_s / 0.01))
    assert worst_s >= 0.5
    assert house.worker.effort().worst_lag_s == 0.0
