"""More of the same is counted and told, and nothing of it is lost without a word."""

import io
import logging
import threading

import pytest

from edge_asr.log_limit import LimitedHandler, RepeatLimit
from edge_asr.metrics import Metrics
from tests.fakes import HandClock


def said(line: int, text: str = "the sink failed", *values: object) -> logging.LogRecord:
    return logging.LogRecord("edge_asr.room", logging.WARNING, __file__, line, text, values, None)


def texts(records: list[logging.LogRecord]) -> list[str]:
    return [record.getMessage() for record in records]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_the_same_place_is_written_so_often_and_the_rest_is_a_number(clock: HandClock) -> None:
    limit = RepeatLimit(3, clock)
    written = [texts(limit.pass_on(said(1, "%d s behind", number))) for number in range(60)]
    assert written == [["0 s behind"], ["1 s behind"], ["2 s behind"], *[[]] * 57]
    assert texts(limit.pass_on(said(2))) == ["the sink failed"]  # another place has its own minute
    assert limit.due() == []
    clock.advance_s(60.0)
    [told] = limit.due()
    assert told.getMessage() == "... and 57 more like it: 59 s behind"
    assert (told.levelno, told.name) == (logging.WARNING, "edge_asr.room")
    assert limit.due() == []
    assert texts(limit.pass_on(said(1))) == ["the sink failed"]
    assert limit.suppressed == 57


def test_a_minute_that_is_over_is_told_before_what_comes_then(clock: HandClock) -> None:
    limit = RepeatLimit(1, clock)
    for _ in range(3):
        limit.pass_on(said(1))
    clock.advance_s(60.0)
    assert texts(limit.pass_on(said(1, "now"))) == ["... and 2 more like it: the sink failed", "now"]


def test_without_a_limit_all_is_written(clock: HandClock) -> None:
    limit = RepeatLimit(0, clock)
    assert all(len(limit.pass_on(said(1))) == 1 for _ in range(100))


def test_what_was_not_written_is_counted_and_told_at_the_end(clock: HandClock) -> None:
    stream, metrics = io.StringIO(), Metrics()
    handler = LimitedHandler(stream, RepeatLimit(2, clock))
    for _ in range(5):
        handler.handle(said(1))
    handler.count_with(metrics.log_suppressed.inc)  # the log is there before the counters are
    for _ in range(4):
        handler.handle(said(1))
    assert metrics.registry.get_sample_value("edge_asr_log_suppressed_total") == 7
    handler.look()
    handler.close()
    assert stream.getvalue().splitlines() == [*["the sink failed"] * 2, "... and 7 more like it: the sink failed"]


def test_a_look_tells_when_nobody_says_anything_more(clock: HandClock) -> None:
    stream = io.StringIO()
    handler = LimitedHandler(stream, RepeatLimit(1, clock))
    handler.handle(said(1))
    handler.handle(said(1))
    clock.advance_s(60.0)
    handler.look()
    assert stream.getvalue().splitlines()[-1] == "... and 1 more like it: the sink failed"
    handler.close()


def test_of_many_threads_every_line_is_written_or_counted(clock: HandClock) -> None:
    stream, metrics = io.StringIO(), Metrics()
    handler = LimitedHandler(stream, RepeatLimit(10, clock))
    handler.count_with(metrics.log_suppressed.inc)
    threads = [threading.Thread(target=lambda: [handler.handle(said(1)) for _ in range(250)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stream.getvalue().count("the sink failed\n") == 10
    assert metrics.registry.get_sample_value("edge_asr_log_suppressed_total") == 990
