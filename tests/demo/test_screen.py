import io
import time
import unicodedata
from collections.abc import Callable, Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.demo.screen import Screen, fit_end, is_live, printable
from edge_asr.demo.subscriber import Notice, Received
from edge_asr.events import Event, StateReport
from tests.sample_events import error, final, partial, speech_ended, speech_started, state


def shown(
    *bodies: Event | StateReport | Notice | str, live: bool = False, colour: bool = False, devices: bool = False
) -> str:
    stream = io.StringIO()
    screen = Screen(stream, live=live, colour=colour, devices=devices, width=lambda: 40)
    for body in bodies:
        screen.show(body if isinstance(body, Notice) else Received("k1", False, body))  # type: ignore[arg-type]
    screen.close()
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")  # written out: a small system has no time zone data
        time.tzset()
        yield
    time.tzset()


def test_a_final_is_one_line_with_local_time_and_latency() -> None:
    assert shown(final("had he married a more amiable woman")) == (
        "12:01:07  0.71 s  had he married a more amiable woman\n"
    )


def test_a_final_without_latency_or_words() -> None:
    assert shown(final("yes", finalization_ms=None)) == "12:01:07          yes\n"
    assert shown(final("")) == ""


def test_without_a_terminal_there_are_no_partials_and_no_codes() -> None:
    text = shown(speech_started(), partial("had he"), final("had he married"), speech_ended(3), colour=True)
    assert text == "12:01:07  0.71 s  had he married\n"


def test_on_a_terminal_partials_rewrite_one_line() -> None:
    text = shown(partial("had"), partial("had he"), final("had he married"), live=True)
    assert text == (
        "\r\x1b[K             ...  had\r\x1b[K             ...  had he\r\x1b[K12:01:07  0.71 s  had he married\n"
    )


def test_an_unfinished_line_is_taken_away_at_the_end() -> None:
    assert shown(partial("had"), live=True).endswith("had\r\x1b[K")


def test_only_partials_are_coloured_and_only_when_asked() -> None:
    assert "\x1b[2m" in shown(partial("had"), live=True, colour=True)
    assert "\x1b[2m" not in shown(partial("had"), live=True)
    assert "\x1b[2m" not in shown(final("had"), live=True, colour=True)


def test_a_long_partial_keeps_its_newest_words_and_a_long_final_everything() -> None:
    words = "one two three four five six seven eight nine ten"
    line = shown(partial(words), live=True).split("\x1b[K")[1].removesuffix("\r")
    assert len(line) == 39
    assert line.endswith("seven eight nine ten")
    assert words in shown(final(words), live=True)


def test_states_are_said_once() -> None:
    text = shown(state(), state(), state("degraded", "no microphone: plug one in"), state())
    assert text.splitlines() == [
        "listening to USB mic, model small",
        "degraded: no microphone: plug one in",
        "listening to USB mic, model small",
    ]


def test_devices_are_named_where_there_may_be_several() -> None:
    lines = shown(state(), final("yes"), "offline", devices=True).splitlines()
    assert lines == ["k1: listening to USB mic, model small", "12:01:07  0.71 s  k1: yes", "k1: offline"]


def test_errors_and_notices_are_lines() -> None:
    wrong = msgspec.structs.replace(error("an utterance was lost"), emitted_at="not a time")
    lines = shown(wrong, Notice("the broker has gone")).splitlines()
    assert lines == ["           error  an utterance was lost", "the broker has gone"]


def test_what_comes_from_a_broker_cannot_steer_the_terminal() -> None:
    text = shown(final("a\x1b]0;title\x07b\nc"), partial("\x1b[2J"), state("degraded", "x\ry"), live=True)
    assert "\x1b]" not in text
    assert "\x1b[2J" not in text
    assert text.count("\n") == 2


@given(st.text())
def test_printable_has_no_control_characters(text: str) -> None:
    assert len(printable(text)) == len(text)
    assert not any(unicodedata.category(character).startswith("C") for character in printable(text))


@given(st.text(st.characters(categories=["L", "Mn", "Zs"])), st.integers(0, 30))
def test_fit_end_fits_and_is_the_end(text: str, columns: int) -> None:
    def width(line: str) -> int:
        return sum(
            0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in {"W", "F"} else 1 for c in line
        )

    fitted = fit_end(text, columns)
    assert width(fitted) <= columns
    assert fitted == text or text.endswith(fitted[1:])
    if width(text) <= columns:
        assert fitted == text


@pytest.mark.parametrize(
    ("terminal", "environment", "live"),
    [
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "dumb"}, False),
        (True, {}, False),
        (False, {"TERM": "x"}, False),
    ],
)
def test_is_live(terminal: bool, environment: dict[str, str], live: bool) -> None:
    stream = io.StringIO()
    answer: Callable[[], bool] = lambda: terminal  # noqa: E731
    stream.isatty = answer  # type: ignore[method-assign]
    assert is_live(stream, environment) is live
