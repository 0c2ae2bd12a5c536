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
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.events import FinalEvent, decode
from edge_asr.metrics import Metrics
from edge_asr.sinks.spool_file import FileFault, Row, SpoolFile, is_full, said

log = logging.getLogger(__name__)

_PATIENCE_S = 0.25  # a broker that takes longer than this is slow
_DELETE_EVERY_S = 1.0
_BATCH = 500  # rows of one transaction


class Kept(NamedTuple):
    """A final of an earlier process; age_s: how long it has waited, 0 where that is not known."""

    ticket: int
    payload: bytes
    age_s: float


class _Held(NamedTuple):
    payload: bytes
    since_ns: int
    kept_at: float | None


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
        self._sync_ns = round(sync_s * NS_PER_S)
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
        self._changed = threading.Condition()  # guards all that follows
        self._next_ticket = 1
        self._pending: dict[int, _Held] = {}  # not in the file
        self._rows: dict[int, tuple[int, _Held]] = {}  # in the file, by ticket
        self._gone: list[int] = []  # numbers of rows to be deleted
        self._gone_since_ns = 0
        self._unsynced_since_ns: int | None = None
        self._retry_ns = 0
        self._away = True
        self._ending = False

    def start(self, take_back: Callable[[list[Kept]], None]) -> None:
        """Open the file, now or when it can be; take_back gets what an earlier process left, in order, once."""
        self._take_back = take_back
        self._thread.start()

    def wait_opened(self, wait_s: float) -> None:
        """Wait until what is there was taken back, or the file cannot be opened now."""
        self._opened.wait(wait_s)

    def hold(self, payload: bytes) -> int:
        """Keep a final until its ticket, which is returned, is released."""
        kept_at = self._wall_s()
        with self._changed:
            ticket = self._ticket()
            self._pending[ticket] = _Held(payload, time.monotonic_ns(), kept_at)
            self._changed.notify_all()
            return ticket

    def release(self, ticket: int) -> None:
        """The final has been delivered, or given up."""
        with self._changed:
            if ticket in self._rows:
                self._delete(self._rows.pop(ticket)[0])
            elif self._pending.pop(ticket, None) is None:
                return
            self._changed.notify_all()

    def broker_away(self, away: bool) -> None:
        """Whether what comes now is to be written at once."""
        with self._changed:
            self._away = away
            self._changed.notify_all()

    def finish(self, wait_s: float) -> frozenset[int]:
        """Write what is held and close the file, within about `wait_s`; the tickets that are in it."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(wait_s)
        with self._changed:
            if self._rows:
                log.info("spool: %d finals wait in %s for the next start", len(self._rows), self._path)
            return frozenset(self._rows)

    def _wall_s(self) -> float | None:
        return self._clock.now().timestamp() if self._clock.synced() else None

    # -- under the lock

    def _ticket(self) -> int:
        self._next_ticket += 1
        return self._next_ticket

    def _delete(self, number: int) -> None:
        if not self._gone:
            self._gone_since_ns = time.monotonic_ns()
        self._gone.append(number)

    def _pending_due_ns(self) -> int:
        """When what is pending is to be written; at once where older ones are in the file: the broker is behind."""
        if self._away or self._rows or self._ending:
            return 0
        return next(iter(self._pending.values())).since_ns + round(_PATIENCE_S * NS_PER_S)

    def _due_ns(self) -> int | None:
        """When there is something to do, None when not before something changes."""
        if self._ending:
            return 0
        moments = []
        if self._file is None:
            moments.append(0)
        if self._pending:
            moments.append(self._pending_due_ns())
        if self._gone:
            moments.append(self._gone_since_ns + round(_DELETE_EVERY_S * NS_PER_S))
        if self._unsynced_since_ns is not None:
            moments.append(self._unsynced_since_ns + self._sync_ns)
        return max(min(moments), self._retry_ns) if moments else None

    # -- the thread

    def _run(self) -> None:
        last = False
        while not last:
            last = self._wait()
            try:
                file = self._file or self._open()
                while self._save(file):
                    pass
                self._sync(file, last)
                self._well()
            except FileFault as error:
                self._failed(error)
            self._opened.set()
            self._metrics.spool_messages.set(len(self._rows))
        if self._file is not None:
            self._close(self._file)

    def _wait(self) -> bool:
        """Wait until something is due; whether it is the last time."""
        with self._changed:
            while (due_ns := self._due_ns()) is None or due_ns > time.monotonic_ns():
                self._changed.wait(None if due_ns is None else (due_ns - time.monotonic_ns()) / NS_PER_S)
            return self._ending

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
        kept = []
        with self._changed:
            for row in good:
                ticket = self._ticket()
                self._rows[ticket] = (row.number, _Held(row.payload, now_ns, row.kept_at))
                age_s = 0.0 if now_s is None or row.kept_at is None else max(0.0, now_s - row.kept_at)
                kept.append(Kept(ticket, row.payload, age_s))
            for row in set(rows).difference(good):
                self._delete(row.number)
        self._loaded = True
        if kept:
            log.info("spool: %d finals of an earlier run wait in %s", len(kept), self._path)
            self._take_back(kept)

    def _replace(self, file: SpoolFile) -> None:
        """Make the file, opened again after a fault, hold what is held."""
        with self._changed:
            new = self._begin(len(self._pending))
        self._write(file, new, [], whole=True)

    def _save(self, file: SpoolFile) -> bool:
        """Write and delete what is due, a batch of it; whether there was any."""
        with self._changed:
            due = bool(self._pending) and self._pending_due_ns() <= time.monotonic_ns()
            new = self._begin(_BATCH if due else 0)
            gone = self._gone[:_BATCH]
        if not new and not gone:
            return False
        self._write(file, new, gone)
        return True

    def _begin(self, count: int) -> dict[int, _Held]:
        return dict(islice(self._pending.items(), count))

    def _write(self, file: SpoolFile, new: dict[int, _Held], gone: list[int], whole: bool = False) -> None:
        first = self._next_number
        numbered = dict(enumerate(new.items(), first))
        file.change([Row(number, held.payload, held.kept_at) for number, (_, held) in numbered.items()], gone, whole)
        self._next_number = first + len(new)
        with self._changed:
            del self._gone[: len(gone)]
            for number, (ticket, held) in numbered.items():
                if self._pending.pop(ticket, None) is None:
                    self._delete(number)  # released meanwhile
                else:
                    self._rows[ticket] = (number, held)
            if self._unsynced_since_ns is None:
                self._unsynced_since_ns = time.monotonic_ns()

    def _sync(self, file: SpoolFile, last: bool) -> None:
        with self._changed:
            since_ns = self._unsynced_since_ns
            empty = not (self._rows or self._gone)
        if since_ns is None or (time.monotonic_ns() - since_ns < self._sync_ns and not last):
            return
        if empty:
            file.tidy()
        else:
            file.sync()
        with self._changed:
            self._unsynced_since_ns = None

    def _well(self) -> None:
        if self._said:
            self._said = ""
            log.info("spool: finals are kept in %s again", self._path)

    def _failed(self, error: Exception) -> None:
        self._metrics.sink_errors.labels(sink="spool").inc()
        text = said(error, self._path)
        if text != self._said:
            self._said = text
            log.warning("spool: %s; finals wait in memory until then", text)
        if self._file is not None and not is_full(error):
            self._close(self._file)
            self._file = None
            with self._changed:  # none is in the file for sure: write them all again
                back = {ticket: held for ticket, (_, held) in self._rows.items()}
                self._pending = {**back, **self._pending}
                self._rows.clear()
                self._gone.clear()
                self._unsynced_since_ns = None
        with self._changed:
            self._retry_ns = time.monotonic_ns() + round(self._retry_s * NS_PER_S)

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
