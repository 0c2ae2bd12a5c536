"""The file in which finals wait for the broker: one SQLite table; the only file that knows SQLite."""

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

_APPLICATION_ID = 0x65_61_73_70  # "easp", written into the header: a file of somebody else's is never touched
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"
_OWNER_ONLY = 0o600  # it holds what was said
_SETTINGS = (
    "PRAGMA locking_mode = EXCLUSIVE",  # one daemon; and no shared memory beside the file
    "PRAGMA synchronous = NORMAL",  # a commit is safe from the end of this process; `sync` makes it so from a power cut
    "PRAGMA secure_delete = ON",  # what has been delivered is overwritten
)

# Of sqlite3, what the spool has to hold: nothing else comes from a SpoolFile.
FileFault = (OSError, sqlite3.Error)


class Row(NamedTuple):
    """One final. `kept_at` is seconds since 1970, None where the clock was not set."""

    number: int
    payload: bytes
    kept_at: float | None


class SpoolFile:
    """The open file. One thread; every method raises one of `FileFault`, and then has changed nothing.

    The constructor makes folder and file when they are missing. A file that SQLite finds corrupt is put aside as
    `<name>.corrupt`, in place of an older one, and a new one begun; `put_aside` says so.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.put_aside = False
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._connection = _opened(path)
        except sqlite3.DatabaseError as error:
            if not _is_corrupt(error):
                raise
            path.replace(f"{path}.corrupt")
            with contextlib.suppress(FileNotFoundError):
                _log_of(path).replace(f"{path}.corrupt-wal")
            self.put_aside = True
            self._connection = _opened(path)
        self._sync_folder()

    def rows(self, newest: int) -> tuple[list[Row], int]:
        """The newest rows in order, and how many older ones were deleted."""
        [(last,)] = self._connection.execute(
            "SELECT coalesce(min(number), 0) FROM (SELECT number FROM finals ORDER BY number DESC LIMIT ?)", (newest,)
        )
        deleted = self._connection.execute("DELETE FROM finals WHERE number < ?", (last,)).rowcount
        rows = self._connection.execute("SELECT number, payload, kept_at FROM finals ORDER BY number")
        return [Row(*row) for row in rows], deleted

    def change(self, new: Sequence[Row], gone: Sequence[int], whole: bool = False) -> None:
        """Add and delete rows, all of it or nothing; with `whole` the new ones replace all that is there."""
        with self._transaction() as connection:
            if whole:
                connection.execute("DELETE FROM finals")
            connection.executemany("DELETE FROM finals WHERE number = ?", [(number,) for number in gone])
            connection.executemany("INSERT INTO finals VALUES (?, ?, ?)", new)

    def sync(self) -> None:
        """Wait until all changes are on the disk itself."""
        with _log_of(self.path).open("rb") as log:
            os.fsync(log.fileno())

    def tidy(self) -> None:
        """Empty the write-ahead log, where what was deleted still stands; on the disk itself when it returns."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file, with its log folded into it."""
        self._connection.close()

    def discard(self) -> None:
        """Close the file and remove it, its log first: what is left by a crash in between is old, not half."""
        self._connection.close()
        for path in (_log_of(self.path), self.path):
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # some faults have rolled it back already
                connection.execute("ROLLBACK")
            raise

    def _sync_folder(self) -> None:
        """The names of file and log have to survive a power cut too."""
        descriptor = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_full(error: Exception) -> bool:
    """Whether there was no room; what is in the file stays good then."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def said(error: Exception, path: Path) -> str:
    """The fault in one line for a person, with the fix."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    reason = getattr(error, "strerror", None) or str(error)
    match code:
        case sqlite3.SQLITE_FULL:
            fix = "make room there"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            fix = "another process has it open: give each daemon an mqtt.spool.path of its own"
        case _:
            fix = "check that this user may write there, or set mqtt.spool.path"
    return f"cannot keep finals in {path} ({reason}): {fix}"


def _opened(path: Path) -> sqlite3.Connection:
    empty = _claim(path)
    connection = sqlite3.connect(path, timeout=0.0, isolation_level=None, check_same_thread=False)
    try:
        for setting in _SETTINGS:
            connection.execute(setting)
        if empty:
            connection.executescript(
                f"BEGIN; PRAGMA application_id = {_APPLICATION_ID}; CREATE TABLE IF NOT EXISTS finals "
                "(number INTEGER PRIMARY KEY, payload BLOB NOT NULL, kept_at REAL) STRICT; COMMIT"
            )
        connection.execute("PRAGMA journal_mode = WAL")
        _examine(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _claim(path: Path) -> bool:
    """Make the file, or see that it is ours, readable for its owner alone; whether it is empty."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, _OWNER_ONLY)
    try:
        status = os.fstat(descriptor)
        header = os.read(descriptor, _HEADER_BYTES) if stat.S_ISREG(status.st_mode) else b"?"
        if header.strip(b"\0"):
            ours = header.startswith(_MAGIC) and header[68:72] == _APPLICATION_ID.to_bytes(4, "big")
            if not ours:
                raise FileExistsError(0, "it is something else, and is left alone")
        if stat.S_IMODE(status.st_mode) != _OWNER_ONLY:
            os.fchmod(descriptor, _OWNER_ONLY)
    finally:
        os.close(descriptor)
    return not header


def _examine(connection: sqlite3.Connection) -> None:
    """Raise the error that SQLite has for a corrupt file where it only speaks of a fault."""
    [(found,)] = connection.execute("PRAGMA quick_check(1)")
    if found != "ok":
        error = sqlite3.DatabaseError(found)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _is_corrupt(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
