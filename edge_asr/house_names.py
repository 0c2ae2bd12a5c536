"""The names of the house as they were told last, kept across restarts: the broker may be away when we start."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.commands import SENTENCES_BYTES
from edge_asr.errors import CommandError
from edge_asr.metrics import Metrics
from edge_asr.names import Names, read_names, written
from edge_asr.whole_file import replace_whole

log = logging.getLogger(__name__)

_APART_S = 20.0  # between two changes: each has the sentences put together anew
_FILE_BYTES = 4 * SENTENCES_BYTES  # names that were told without `out` are kept with it
_MOST_TOLD = 20
_HOW = (
    "correct the spelling, or write under `pronunciations` in the file of the sentences which known words sound so, as "
    'in {kaylee: ["kay lee"]}'
)


class _Kept(Struct, frozen=True):
    topic: str
    names: Raw


class HouseNames:
    """`take` is for the broker's thread, `look` for the supervisor's, `left_out` for whoever loads, one at a time.

    topic: where they are told. path: the file that keeps them; it need not exist.
    """

    def __init__(self, topic: str, path: Path, clock: Clock, metrics: Metrics) -> None:
        self.topic = topic
        self._path = path
        self._clock = clock
        self._metrics = metrics
        self._lock = threading.Lock()
        self._waiting: tuple[bytes, int] | None = None  # and its size, where it is too long to be kept
        self._untold = ""
        self._left_out: tuple[str, ...] = ()
        self._next_ns = clock.monotonic_ns()
        self._failing = False
        self.current = self._kept()

    def take(self, payload: bytes) -> None:
        """Names as somebody tells them; the newest count, retained or not: they are a state. Any thread, quick."""
        with self._lock:
            if self._waiting is not None:
                self._count("superseded")
            self._waiting = (payload[:SENTENCES_BYTES], len(payload))  # what is longer is refused, whatever it holds

    def look(self, changed: Callable[[], None], tell: Callable[[str], None]) -> None:
        """Take over what was told, call `changed` if it is something else, and `tell` what is wrong with it."""
        with self._lock:
            untold, self._untold = self._untold, ""
            due = self._waiting is not None and self._clock.monotonic_ns() >= self._next_ns
            waiting, self._waiting = (self._waiting, None) if due else (None, self._waiting)
        if untold:
            tell(untold)
        if waiting is None:
            if self._failing and self._clock.monotonic_ns() >= self._next_ns:
                self._wait()
                self._keep(self.current)
            return
        try:
            names = read_names(*waiting)
        except CommandError as error:
            self._count("malformed")
            self._wait()
            said = f"commands.names_topic: what {self.topic} holds cannot be used, the names before it stay: {error}"
            log.warning("%s", said)
            tell(said)
            return
        self._count("taken")
        if names != self.current:
            self._wait()
            self.current = names
            self._keep(names)
            changed()

    def forget(self) -> None:
        """Do without, until others come."""
        self.current = Names()

    def left_out(self, names: Sequence[str]) -> None:
        """Say which of them cannot be listened for, once for the same ones."""
        found = tuple(names)
        if found == self._left_out:
            return
        self._left_out = found
        if found:
            more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
            said = (
                f"commands.names_topic: nobody knows how these names sound, they are left out: "
                f"{', '.join(map(repr, found[:_MOST_TOLD]))}{more}; {_HOW}"
            )
            log.warning("%s", said)
            with self._lock:
                self._untold = said

    def _wait(self) -> None:
        self._next_ns = self._clock.monotonic_ns() + round(_APART_S * NS_PER_S)

    def _kept(self) -> Names:
        try:
            with self._path.open("rb") as file:
                kept = msgspec.json.decode(file.read(_FILE_BYTES), type=_Kept)
            return read_names(bytes(kept.names), most_bytes=_FILE_BYTES) if kept.topic == self.topic else Names()
        except FileNotFoundError:
            return Names()
        except (OSError, UnicodeDecodeError, msgspec.DecodeError, CommandError, RecursionError) as error:
            log.warning("cannot read %s (%s): the names of the house are those that come", self._path, error)
            return Names()

    def _keep(self, names: Names) -> None:
        content = msgspec.json.encode(_Kept(self.topic, Raw(written(names)))) + b"\n"
        try:
            replace_whole(self._path, content)
        except OSError as error:
            if not self._failing:
                log.warning("cannot keep the names of the house: %s (%s)", self._path, error.strerror or error)
            self._failing = True
        else:
            self._failing = False

    def _count(self, outcome: str) -> None:
        self._metrics.commands.labels(control="names", outcome=outcome).inc()
