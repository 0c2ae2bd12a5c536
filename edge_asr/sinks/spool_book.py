"""What the spool holds and where each of it stands: not in the file yet, in it, or to be deleted from it."""

import threading
import time
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from edge_asr.clock import NS_PER_S

_PATIENCE_S = 0.25  # a broker that takes longer than this is slow
_DELETE_EVERY_S = 1.0
_BATCH = 500  # rows of one transaction


class Held(NamedTuple):
    """A final; since_ns: when it came, monotonic. kept_at: the same in wall time, None where that is not known."""

    payload: bytes
    since_ns: int
    kept_at: float | None


class SpoolBook:
    """The finals by their tickets, and when the file is next to be written. Any thread; only `wait` blocks.

    The file's own thread reads what is due and says what it has done; `sync_s` as the spool has it.
    """

    def __init__(self, sync_s: float) -> None:
        self._sync_ns = round(sync_s * NS_PER_S)
        self._changed = threading.Condition()  # guards all that follows
        self._next_ticket = 1
        self._pending: dict[int, Held] = {}  # not in the file
        self._rows: dict[int, tuple[int, Held]] = {}  # in the file, by ticket
        self._gone: list[int] = []  # numbers of rows to be deleted
        self._gone_since_ns = 0
        self._unsynced_since_ns: int | None = None
        self._retry_ns = 0
        self._away = True
        self._missed = 0  # the last ticket that came while it was away, or before this process
        self._ending = False

    # -- what comes and goes

    def hold(self, payload: bytes, kept_at: float | None) -> int:
        """Keep a final until its ticket, which is returned, is released."""
        with self._changed:
            ticket = self._ticket()
            self._pending[ticket] = Held(payload, time.monotonic_ns(), kept_at)
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
            self._away, self._missed = away, self._next_ticket
            self._changed.notify_all()

    def end(self) -> None:
        """Everything is to be written now, for the last time."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()

    def in_file(self) -> frozenset[int]:
        """Tickets of those that are in the file."""
        with self._changed:
            return frozenset(self._rows)

    # -- for the file's thread

    def wait(self, *, is_open: bool) -> bool:
        """Wait until something is due, the file's opening among it; whether it is the last time."""
        with self._changed:
            while (due_ns := self._due_ns(is_open)) is None or due_ns > time.monotonic_ns():
                self._changed.wait(None if due_ns is None else (due_ns - time.monotonic_ns()) / NS_PER_S)
            return self._ending

    def found(self, rows: Iterable[tuple[int, Held]], unreadable: Iterable[int]) -> list[int]:
        """Take in what an earlier process left in the file, by number; returns the tickets, in the same order."""
        tickets = []
        with self._changed:
            for number, held in rows:
                tickets.append(self._ticket())
                self._rows[tickets[-1]] = (number, held)
            self._missed = self._next_ticket
            for number in unreadable:
                self._delete(number)
        return tickets

    def all_pending(self) -> dict[int, Held]:
        """All that is not in the file."""
        with self._changed:
            return dict(self._pending)

    def due(self) -> tuple[dict[int, Held], list[int]]:
        """What is to be written, and the numbers of what is to be deleted: a batch of it."""
        with self._changed:
            due = bool(self._pending) and self._pending_due_ns() <= time.monotonic_ns()
            return dict(islice(self._pending.items(), _BATCH if due else 0)), self._gone[:_BATCH]

    def written(self, numbers: dict[int, int], gone_count: int) -> None:
        """Those tickets are in the file under these numbers, and the first `gone_count` to be deleted are not."""
        with self._changed:
            del self._gone[:gone_count]
            for ticket, number in numbers.items():
                held = self._pending.pop(ticket, None)
                if held is None:
                    self._delete(number)  # released meanwhile
                else:
                    self._rows[ticket] = (number, held)
            if self._unsynced_since_ns is None:
                self._unsynced_since_ns = time.monotonic_ns()

    def sync_due(self, *, last: bool) -> bool:
        """Whether the disk is to be made to hold what was written; at the `last` time whatever there is."""
        with self._changed:
            since_ns = self._unsynced_since_ns
            return since_ns is not None and (last or time.monotonic_ns() - since_ns >= self._sync_ns)

    @property
    def file_empty(self) -> bool:
        """Whether nothing in the file is of use any more, nor waits to be deleted."""
        with self._changed:
            return not (self._rows or self._gone)

    def synced(self) -> None:
        """The disk holds it."""
        with self._changed:
            self._unsynced_since_ns = None

    def retry_in(self, wait_s: float, *, file_lost: bool) -> None:
        """A fault: do nothing for so long. file_lost: none is in the file for sure, write them all again."""
        with self._changed:
            self._retry_ns = time.monotonic_ns() + round(wait_s * NS_PER_S)
            if file_lost:
                self._pending = {**{ticket: held for ticket, (_, held) in self._rows.items()}, **self._pending}
                self._rows.clear()
                self._gone.clear()
                self._unsynced_since_ns = None

    # -- under the lock

    def _ticket(self) -> int:
        self._next_ticket += 1
        return self._next_ticket

    def _delete(self, number: int) -> None:
        if not self._gone:
            self._gone_since_ns = time.monotonic_ns()
        self._gone.append(number)

    def _pending_due_ns(self) -> int:
        """When what is pending is to be written; at once while the broker has not caught up with what it missed.

        Not wherever there are older ones in the file: of a flow without a pause some always are on their way, and after
        one outage all of it would be written for ever. That they wait too long is looked at, as of what is pending.
        """
        ticket, oldest = next(iter(self._pending.items()))
        if self._rows:
            ticket, (_, oldest) = next(iter(self._rows.items()))
        if self._away or self._ending or ticket <= self._missed:
            return 0
        return oldest.since_ns + round(_PATIENCE_S * NS_PER_S)

    def _due_ns(self, is_open: bool) -> int | None:
        """When there is something to do, None when not before something changes."""
        if self._ending:
            return 0
        moments = []
        if not is_open:
            moments.append(0)
        if self._pending:
            moments.append(self._pending_due_ns())
        if self._gone:
            moments.append(self._gone_since_ns + round(_DELETE_EVERY_S * NS_PER_S))
        if self._unsynced_since_ns is not None:
            moments.append(self._unsynced_since_ns + self._sync_ns)
        return max(min(moments), self._retry_ns) if moments else None
