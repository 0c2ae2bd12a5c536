"""The machine's clocks."""

import ctypes
import time
from datetime import UTC, datetime, timedelta

import pytest

from edge_asr.clock import NS_PER_S, SystemClock


def test_monotonic_time_never_goes_back_and_counts_nanoseconds() -> None:
    clock = SystemClock()
    readings = [clock.monotonic_ns() for _ in range(1000)]
    assert readings == sorted(readings)
    assert abs(clock.monotonic_ns() / NS_PER_S - time.clock_gettime(time.CLOCK_MONOTONIC)) < 1.0


def test_wall_time_is_utc() -> None:
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), UTC)) < timedelta(seconds=5)


class FakeLibrary:
    """The C library with an answer of our own."""

    def __init__(self, answer: int, status: int) -> None:
        self.answer = answer
        self.status = status

    def adjtimex(self, timex: object) -> int:
        field = ctypes.cast(timex, ctypes.POINTER(ctypes.c_int))  # type: ignore[arg-type]
        field[10] = self.status
        return self.answer


@pytest.mark.parametrize(
    ("answer", "status", "expected"),
    [(0, 0x2001, True), (0, 0x0040, False), (5, 0x0041, False), (-1, 0, False)],
    ids=["set by a server", "STA_UNSYNC", "TIME_ERROR", "not allowed"],
)
def test_synced_is_what_the_kernel_says(
    answer: int, status: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: FakeLibrary(answer, status))
    assert SystemClock().synced() is expected


def test_not_synced_where_it_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    assert SystemClock().synced() is False


class Timex(ctypes.Structure):
    """The head of struct timex, as linux/timex.h lays it out."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def test_the_field_that_is_read_is_the_kernels_status() -> None:
    timex = Timex()
    state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    assert Timex.status.offset == 40
    assert SystemClock().synced() is (state >= 0 and not timex.status & 0x0040)
