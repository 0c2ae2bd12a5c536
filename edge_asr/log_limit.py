"""A line of the log that comes again and again is written a few times a minute; the rest is told as a number."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.log_lines import message_of

_WINDOW_NS = 60 * NS_PER_S


@dataclass
class _Minute:
    """What one place in the program has said since the minute began."""

    began_ns: int
    written: int = 0
    suppressed: int = 0
    last: logging.LogRecord | None = None


class RepeatLimit:
    """Knows what each place in the program says: as many places as log, so it does not grow. One thread at a time.

    per_minute: so many records of one place are written in a minute; 0 for all of them.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._minutes: dict[tuple[str, int], _Minute] = {}
        self.suppressed = 0  # in all

    def pass_on(self, record: logging.LogRecord) -> list[logging.LogRecord]:
        """What is to be written now: the record or nothing, before it what earlier minutes have to tell."""
        if not self._per_minute:
            return [record]
        told = self.due()
        place = (record.pathname, record.lineno)
        minute = self._minutes.setdefault(place, _Minute(self._clock.monotonic_ns()))
        if minute.written < self._per_minute:
            minute.written += 1
            return [*told, record]
        minute.suppressed += 1
        minute.last = record
        self.suppressed += 1
        return told

    def due(self) -> list[logging.LogRecord]:
        """What is to be told of the minutes that are over."""
        now_ns = self._clock.monotonic_ns()
        return self._end([place for place, minute in self._minutes.items() if now_ns - minute.began_ns >= _WINDOW_NS])

    def rest(self) -> list[logging.LogRecord]:
        """What is to be told at the end."""
        return self._end(list(self._minutes))

    def _end(self, places: list[tuple[str, int]]) -> list[logging.LogRecord]:
        minutes = [self._minutes.pop(place) for place in places]
        return [_summary(minute.last, minute.suppressed) for minute in minutes if minute.last is not None]


class LimitedHandler(logging.StreamHandler[TextIO]):
    """Writes what the limit passes on. Any thread; `look` is to be called now and then, for what is over."""

    def __init__(self, stream: TextIO, limit: RepeatLimit) -> None:
        super().__init__(stream)
        self._limit = limit
        self._counted = 0
        self._count: Callable[[int], object] | None = None

    def count_with(self, count: Callable[[int], object]) -> None:
        """Who counts what is not written, from here on and what was before."""
        with self._held():
            self._count = count
            self._tell_count()

    def emit(self, record: logging.LogRecord) -> None:
        """Write it, or not; logging holds our lock."""
        self._write(self._limit.pass_on(record))
        self._tell_count()

    def look(self) -> None:
        """Tell of the minutes that are over."""
        with self._held():
            self._write(self._limit.due())

    def close(self) -> None:
        """Tell the rest."""
        with self._held():
            self._write(self._limit.rest())
        super().close()

    def _held(self) -> "_Held":
        return _Held(self)

    def _write(self, records: list[logging.LogRecord]) -> None:
        for record in records:
            super().emit(record)

    def _tell_count(self) -> None:
        new = self._limit.suppressed - self._counted
        if new and self._count is not None:
            self._counted += new
            self._count(new)


def looks_at_log(lines: LimitedHandler | None, count: Callable[[int], object]) -> tuple[()] | tuple[Callable[[], None]]:
    """What is to be called now and then for the log, where there is one; what it does not write is counted so."""
    if lines is None:
        return ()
    lines.count_with(count)
    return (lines.look,)


class _Held:
    """The handler's own lock as a context: logging keeps its type to itself."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler

    def __enter__(self) -> None:
        self._handler.acquire()

    def __exit__(self, *_: object) -> None:
        self._handler.release()


def _summary(last: logging.LogRecord, count: int) -> logging.LogRecord:
    values = {"suppressed": count, "last": message_of(last)}
    record = logging.LogRecord(
        last.name,
        last.levelno,
        last.pathname,
        last.lineno,
        "... and %(suppressed)d more like it: %(last)s",
        (values,),
        None,
    )
    record.threadName = last.threadName
    return record
