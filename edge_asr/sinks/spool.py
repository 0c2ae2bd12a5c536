"""Finals that the broker has not acknowledged, kept on disk so that the end of this process does not lose them.

The queue in memory stays the one that is delivered from; the file is its shadow. Nothing is written while the broker
acknowledges at once. While it is away or slow each final is written as it comes, which a killed process survives, and
the disk is made to hold it every `sync_s`, which a power cut survives: that is all the wear there is. Delivered finals
are deleted in batches, and no byte of them is left `sync_s` after the last; one that was not yet deleted is delivered
again after a crash, with the same bytes.
"""

import logging
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec

from edge_asr.clock import Clock
from edge_asr.events import FinalEvent, decode
from edge_asr.metrics import Metrics
from edge_asr.sinks.spool_book import Held, SpoolBook
from edge_asr.sinks.spool_file import FileFault, Row, SpoolFile, is_full, said

log = logging.getLogger(__name__)


class Kept(NamedTuple):
    """A final of an earlier process; age_s: how long it has waited, 0 where that is not known."""

    ticket: int
    payload: bytes
    age_s: float


class Spool:
    """Shadow of a queue in one file. A thread of its own does all that may wait for a disk; nothing here raises.

    `hold`, `release` and `broker_away` are for any thread and never block. As many finals are held as their owner does
    not release; of those that an earlier process left, the newest `capacity` are taken back.
    """

    def __init__(
        self, path: Path, capacity: int, sync_s: float, metrics: Metrics, clock: Clock, retry_s: float = 10.0
    ) -> None:
        self._path = path
        self._capacity = capacity
        self._book = SpoolBook(sync_s)
        self._retry_s = retry_s
        self._metrics = metrics
        self._clock = clock
        self._take_back: Callable[[list[Kept]], None] = lambda _: None
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt-spool", daemon=True)
        self._file: SpoolFile | None = None  # the thread's alone, as are the next three
        self._loaded = False
        self._next_number = 1
        self._said = ""

    def start(self, take_back: Callable[[list[Kept]], None]) -> None:
        """Open the file, now or when it can be; take_back gets what an earlier process left, in order, once."""
        self._take_back = take_back
        self._metrics.spool_messages.set_function(lambda: len(self._book.in_file()))
        self._thread.start()

    def wait_opened(self, wait_s: float) -> None:
        """Wait until what is there was taken back, or the file cannot be opened now."""
        self._opened.wait(wait_s)

    def hold(self, payload: bytes) -> int:
        """Keep a final until its ticket, which is returned, is released."""
        return self._book.hold(payload, self._wall_s())

    def release(self, ticket: int) -> None:
        """The final has been delivered, or given up."""
        self._book.release(ticket)

    def broker_away(self, away: bool) -> None:
        """Whether what comes now is to be written at once."""
        self._book.broker_away(away)

    def finish(self, wait_s: float) -> frozenset[int]:
        """Write what is held and close the file, within about `wait_s`; the tickets that are in it."""
        self._book.end()
        if self._thread.ident is not None:
            self._thread.join(wait_s)
        saved = self._book.in_file()
        if saved:
            said = {"waiting": len(saved), "path": self._path}
            log.info("spool: %(waiting)d finals wait in %(path)s for the next start", said)
        return saved

    def _wall_s(self) -> float | None:
        return self._clock.now().timestamp() if self._clock.synced() else None

    # -- the thread

    def _run(self) -> None:
        last = False
        while not last:
            last = self._book.wait(is_open=self._file is not None)
            try:
                file = self._file or self._open()
                while self._save(file):
                    pass
                self._sync(file, last)
                self._well()
            except FileFault as error:
                if self._failed(error):
                    last = False  # once more, at once
            self._opened.set()
        if self._file is not None:
            self._close(self._file)

    def _open(self) -> SpoolFile:
        file = SpoolFile(self._path)
        if file.put_aside:
            self._metrics.sink_errors.labels(sink="spool").inc()
            log.warning("spool: %s was corrupt and is now %s.corrupt; a new one is begun", self._path, self._path)
        try:
            if self._loaded:  # all that is in it is held here too
                self._replace(file)
            else:
                self._load(file)
        except BaseException:
            self._close(file)
            raise
        self._file = file
        return file

    def _load(self, file: SpoolFile) -> None:
        rows, too_many = file.rows(self._capacity)
        good = [row for row in rows if _is_final(row.payload)]
        self._drop("queue_full", too_many)
        self._drop("unreadable", len(rows) - len(good))
        self._next_number = rows[-1].number + 1 if rows else 1
        now_s, now_ns = self._wall_s(), time.monotonic_ns()
        tickets = self._book.found(
            [(row.number, Held(row.payload, now_ns, row.kept_at)) for row in good],
            [row.number for row in set(rows).difference(good)],
        )
        kept = []
        for ticket, row in zip(tickets, good, strict=True):
            age_s = 0.0 if now_s is None or row.kept_at is None else max(0.0, now_s - row.kept_at)
            kept.append(Kept(ticket, row.payload, age_s))
        self._loaded = True
        if kept:
            said = {"waiting": len(kept), "path": self._path}
            log.info("spool: %(waiting)d finals of an earlier run wait in %(path)s", said)
            self._take_back(kept)

    def _replace(self, file: SpoolFile) -> None:
        """Make the file, opened again after a fault, hold what is held."""
        self._write(file, self._book.all_pending(), [], whole=True)

    def _save(self, file: SpoolFile) -> bool:
        """Write and delete what is due, a batch of it; whether there was any."""
        new, gone = self._book.due()
        if not new and not gone:
            return False
        self._write(file, new, gone)
        return True

    def _write(self, file: SpoolFile, new: dict[int, Held], gone: list[int], whole: bool = False) -> None:
        numbers = dict(zip(new, count(self._next_number), strict=False))
        file.change([Row(numbers[ticket], held.payload, held.kept_at) for ticket, held in new.items()], gone, whole)
        self._next_number += len(new)
        self._book.written(numbers, len(gone))

    def _sync(self, file: SpoolFile, last: bool) -> None:
        if not self._book.sync_due(last=last):
            return
        if self._book.file_empty:
            file.tidy()
        else:
            file.sync()
        self._book.synced()

    def _well(self) -> None:
        if self._said:
            self._said = ""
            log.info("spool: finals are kept in %s again", self._path)

    def _failed(self, error: Exception) -> bool:
        """Tell it, and wait before the next try; whether there is none to wait for, because the file begins anew."""
        self._metrics.sink_errors.labels(sink="spool").inc()
        if self._file is not None and is_full(error) and not self._book.in_file():
            # All that is in it has been delivered, and no room is left to delete it in: so the whole of it goes. Else
            # each start would deliver it again.
            self._discard(self._file)
            self._file = None
            self._book.retry_in(0.0, file_lost=True)
            return True
        text = said(error, self._path)
        if text != self._said:
            self._said = text
            log.warning("spool: %s; finals wait in memory until then", text)
        lost = self._file is not None and not is_full(error)
        if self._file is not None and lost:
            self._close(self._file)
            self._file = None
        self._book.retry_in(self._retry_s, file_lost=lost)
        return False

    @staticmethod
    def _discard(file: SpoolFile) -> None:
        try:
            file.discard()
        except FileFault as error:
            log.debug("spool: removing failed: %s", error)

    @staticmethod
    def _close(file: SpoolFile) -> None:
        try:
            file.close()
        except FileFault as error:
            log.debug("spool: closing failed: %s", error)

    def _drop(self, reason: str, count: int) -> None:
        if count:
            self._metrics.events_dropped.labels(sink="mqtt", reason=reason).inc(count)


def _is_final(payload: object) -> bool:
    """Whether a row can be published: the file may have been written by anybody."""
    try:
        return isinstance(payload, bytes) and isinstance(decode(payload), FinalEvent)
    except msgspec.MsgspecError:
        return False
