"""Events as JSON lines, to a file or to standard output."""

import logging
import os
import select
import sys
import threading

from edge_asr.commands import Reply
from edge_asr.config import JsonlConfig
from edge_asr.controls import ControlValues
from edge_asr.errors import ConfigError
from edge_asr.events import CommandResponse, Event, PartialEvent, Report, encode
from edge_asr.metrics import Metrics
from edge_asr.secret_file import expand

log = logging.getLogger(__name__)
_STANDARD_OUTPUT = "-"
_OWNER_ONLY = 0o600  # the lines hold what was said
_WRITABLE_AT_ONCE = 4096  # a pipe that is ready takes so much without waiting: PIPE_BUF of Linux


class JsonlSink:
    """Sink that appends one line per event, unbuffered; what cannot be written is counted and the first of it logged.

    The constructor opens the file and raises ConfigError when it cannot. A reader of a pipe that does not keep up
    loses lines; it never holds the caller up.
    """

    def __init__(self, config: JsonlConfig, metrics: Metrics) -> None:
        self._partials = config.partials
        self._metrics = metrics
        self._lock = threading.Lock()
        self._failing = False
        self._torn = False  # the last line lacks its end: the next one must not be glued to it
        self._path = config.path or _STANDARD_OUTPUT
        self._descriptor: int | None = _open(self._path)
        self._ready = select.poll()
        self._ready.register(self._descriptor, select.POLLOUT)

    def start(self) -> None:
        """Nothing to begin: the file is open."""

    def emit(self, event: Event) -> None:
        """Append one line. Any thread."""
        if isinstance(event, PartialEvent) and not self._partials:
            return
        line = encode(event) + b"\n"
        with self._lock:
            if self._descriptor is None:
                self._drop("stopped")
                return
            try:
                self._append(self._descriptor, b"\n" + line if self._torn else line)
                self._failing = False
            except OSError as error:
                self._drop("unwritable")
                self._say_failing(error)

    def report(self, state: Report) -> None:
        """States are not events: they do not go into the file."""

    def answer(self, values: ControlValues) -> None:
        """Nor are controls."""

    def respond(self, response: CommandResponse, reply: Reply) -> None:
        """Nor is what was said to one alone."""

    def stop(self, deadline_s: float) -> None:  # noqa: ARG002 - each line is on its way when emit() returns
        """Close the file."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _append(self, descriptor: int, line: bytes) -> None:
        done = 0
        while done < len(line):
            if not self._ready.poll(0):
                raise BlockingIOError(0, "its reader does not keep up")
            done += os.write(descriptor, line[done : done + _WRITABLE_AT_ONCE])
            self._torn = done < len(line)

    def _drop(self, reason: str) -> None:
        self._metrics.events_dropped.labels(sink="jsonl", reason=reason).inc()

    def _say_failing(self, error: OSError) -> None:
        """One line each time that it begins to fail."""
        self._metrics.sink_errors.labels(sink="jsonl").inc()
        if not self._failing:
            self._failing = True
            said = {"path": self._path, "reason": error.strerror}
            log.warning("jsonl: cannot write to %(path)s (%(reason)s); events are dropped and counted", said)


def _open(path: str) -> int:
    try:
        if path == _STANDARD_OUTPUT:
            return os.dup(sys.stdout.fileno())
        # without O_NONBLOCK the opening of a pipe would wait for its reader
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(expand(path, "jsonl.path"), flags, _OWNER_ONLY)
        os.set_blocking(descriptor, True)
    except OSError as error:
        raise ConfigError(
            f"jsonl.path: cannot write to {path!r} ({error.strerror or error}), "
            "name a file in a folder that this user may write"
        ) from None
    except (ValueError, AttributeError) as error:  # AttributeError: there is no standard output at all
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"jsonl.path = {path!r} is not something to write to") from None
    return descriptor
