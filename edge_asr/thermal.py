"""How hot the machine is, from files of the kernel; what cannot be read or believed is not known."""

import contextlib
import glob
import os
from collections.abc import Iterator
from typing import NamedTuple

_COLDEST_CELSIUS, _HOTTEST_CELSIUS = -40.0, 150.0  # what no such sensor measures is its way to say that it is broken
_MOST_BYTES = 64
_SLOWED_BITS = 0b0110  # of the firmware's word: frequency capped, throttled; bit 3 is set from 60 °C on some models


class Heat(NamedTuple):
    """What is known of it; None: nothing."""

    celsius: float | None  # of the hottest zone
    throttled: bool | None  # whether the firmware of a Raspberry Pi slows it down at this moment


class Thermometer:
    """Reads zones and flag anew at each look; never raises and never waits. Any thread.

    temperature_path: files of millidegrees, with * for many. throttled_path: the firmware's word, hexadecimal.
    """

    def __init__(self, temperature_path: str, throttled_path: str) -> None:
        self._temperature_path = temperature_path
        self._throttled_path = throttled_path

    def look(self) -> Heat:
        """Heat as it is now."""
        word = _number(self._throttled_path, 16)
        return Heat(max(temperatures(self._temperature_path), default=None), None if word is None else _slowed(word))


def temperatures(path: str) -> Iterator[float]:
    """Degrees Celsius of every file that `path`, with * for many, names and that can be believed."""
    try:
        names = glob.glob(path)  # noqa: PTH207 - one pattern with all of its folders, absolute or not
    except ValueError:  # no path
        return
    for name in names:
        millidegrees = _number(name, 10)
        if millidegrees is not None and _COLDEST_CELSIUS <= millidegrees / 1000 <= _HOTTEST_CELSIUS:
            yield millidegrees / 1000


def _slowed(word: int) -> bool:
    return bool(word & _SLOWED_BITS)


def _number(path: str, base: int) -> int | None:
    with contextlib.suppress(OSError, ValueError):  # ValueError: no number, or no path
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would be waited for
        try:
            return int(os.read(descriptor, _MOST_BYTES), base)
        finally:
            os.close(descriptor)
    return None
