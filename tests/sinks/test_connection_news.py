"""News of a connection: each change once, and a log that does not fill."""

import logging

import pytest

from edge_asr.sinks import connection_news
from edge_asr.sinks.connection_news import ConnectionNews


class Minutes:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic_ns(self) -> int:
        return int(self.now * 60e9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Minutes:
    minutes = Minutes()
    monkeypatch.setattr(connection_news, "time", minutes)
    return minutes


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def test_an_unchanged_fault_is_logged_rarely_and_told_once(clock: Minutes, lines: pytest.LogCaptureFixture) -> None:
    told: list[tuple[bool, str]] = []
    news = ConnectionNews(logging.getLogger("test"), "the broker", lambda *what: told.append(what))
    for _ in range(25):
        news.tell(False, "no route")
        clock.now += 1
    assert told == [(False, "no route")]
    assert lines.messages == ["no route"] * 3


def test_each_change_is_told(clock: Minutes, lines: pytest.LogCaptureFixture) -> None:
    told: list[tuple[bool, str]] = []
    news = ConnectionNews(logging.getLogger("test"), "the broker", lambda *what: told.append(what))
    happened = [(False, "no route"), (False, "refused"), (True, ""), (False, "lost")]
    for connected, reason in happened:
        news.tell(connected, reason)
    assert told == happened
    assert lines.messages == ["no route", "refused", "connected to the broker", "lost"]


def test_a_connection_that_flaps_does_not_fill_the_log(clock: Minutes, lines: pytest.LogCaptureFixture) -> None:
    news = ConnectionNews(logging.getLogger("test"), "the broker")
    for _ in range(100):
        news.tell(True, "")
        news.tell(False, "lost")
    assert len(lines.messages) == 10
    clock.now += 11
    news.tell(True, "")
    assert len(lines.messages) == 11
