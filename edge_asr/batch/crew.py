"""Processes that hear recordings side by side; one that dies costs the recording it had, and is replaced."""

import contextlib
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from edge_asr.batch.messages import Answer, Begin, Hear, Outcome, Progress, Ready, Refused, as_line, read_line
from edge_asr.errors import EXIT_CONFIG, EXIT_FAILURE, ConfigError, EdgeAsrError

COMMAND = (sys.executable, "-m", "edge_asr.batch.worker")
_WAITING = 64  # answers that nobody has taken yet; the processes wait then
_END_S = 2.0


class News(NamedTuple):
    """Of the recording with this number: how far it is, or its outcome."""

    number: int
    what: Progress | Outcome


class _Ended(NamedTuple):
    """One thread has nothing more to do; why, when it could not have a process."""

    refused: Refused | None


class _Died(Exception):  # noqa: N818 - no error of ours
    """A process has ended by itself; the text says how."""


class _Process:
    """One process, asked by one thread; any thread may kill it."""

    def __init__(self, command: Sequence[str], begin: Begin) -> None:
        # A session of its own: Ctrl-C in the terminal is for us.
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, bufsize=-1
        )
        self._begin = begin

    def load(self) -> Ready | Refused:
        """Wait until it has its model."""
        self._say(self._begin)
        answer = self._answer()
        if not isinstance(answer, Ready | Refused):
            raise _Died("it does not speak as expected")
        return answer

    def hear(self, hear: Hear) -> Iterator[Progress | Outcome]:
        """Its answers about one recording, the last is an Outcome."""
        self._say(hear)
        while True:
            answer = self._answer()
            if isinstance(answer, Progress | Outcome):
                yield answer
            if isinstance(answer, Outcome):
                return

    def kill(self) -> None:
        """End it now; it holds nothing that could be left half done."""
        self._child.kill()

    def close(self) -> None:
        """Let it end."""
        for stream in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        try:
            self._child.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _say(self, message: msgspec.Struct) -> None:
        assert self._child.stdin is not None  # noqa: S101 - for the type checker: it is a pipe
        try:
            self._child.stdin.write(as_line(message))
            self._child.stdin.flush()
        except OSError:
            raise _Died(self._how()) from None

    def _answer(self) -> Answer:
        assert self._child.stdout is not None  # noqa: S101
        line = self._child.stdout.readline()
        if not line.endswith(b"\n"):
            raise _Died(self._how())
        answer: Answer = read_line(line, Answer)  # type: ignore[arg-type]
        return answer

    def _how(self) -> str:
        code = self._child.wait()
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


class Crew:
    """So many processes for these recordings. One thread calls; each process has a thread that asks it."""

    def __init__(self, begin: Begin, wanted: Sequence[Hear], size: int, command: Sequence[str] | None = None) -> None:
        self._begin = begin
        self._wanted = wanted
        self._command = COMMAND if command is None else command
        self._lock = threading.Lock()
        self._next = 0
        self._stopping = False
        self._processes: set[_Process] = set()
        self._news: queue.Queue[News | _Ended | Ready] = queue.Queue(_WAITING)
        self._threads = [threading.Thread(target=self._attend, daemon=True) for _ in range(min(size, len(wanted)))]
        self.warnings: dict[str, None] = {}  # of loading, each once, in their order
        self.fewer = ""  # why there are fewer processes than were wanted

    def news(self) -> Iterator[News]:
        """Everything as it comes; every recording has one Outcome. Raises ConfigError or EdgeAsrError when none loads.

        Whoever stops listening calls `close`.
        """
        for thread in self._threads:
            thread.start()
        at_work, refused = len(self._threads), None
        done = 0
        while at_work:
            what = self._news.get()
            if isinstance(what, Ready):
                self.warnings |= dict.fromkeys(what.warnings)
            elif isinstance(what, News):
                done += isinstance(what.what, Outcome)
                yield what
            else:
                at_work -= 1
                refused = what.refused or refused
                if what.refused is not None:
                    self.fewer = what.refused.message
        if done < len(self._wanted) and refused is not None:
            raise (ConfigError if refused.exit_code == EXIT_CONFIG else EdgeAsrError)(refused.message)

    def close(self) -> None:
        """End all processes now."""
        with self._lock:
            self._stopping = True
            for process in self._processes:
                process.kill()
        while any(thread.is_alive() for thread in self._threads):
            with contextlib.suppress(queue.Empty):
                self._news.get(timeout=0.02)

    def _attend(self) -> None:
        process: _Process | None = None
        refused: Refused | None = None
        try:
            while self._left():
                if process is None:
                    hired = self._hire()
                    if isinstance(hired, Refused):
                        refused = hired
                        break
                    process = hired
                number = self._take()
                if number is None:
                    break
                if not self._ask(process, number):
                    self._dismiss(process)
                    process = None
        finally:
            if process is not None:
                self._dismiss(process)
            self._news.put(_Ended(refused))

    def _ask(self, process: _Process, number: int) -> bool:
        """Pass on what a process says of a recording; False when it died of it."""
        try:
            for answer in process.hear(self._wanted[number]):
                self._news.put(News(number, answer))
        except _Died as how:
            error = f"'{self._wanted[number].path}': the process that heard it died ({how}); try it alone"
            self._news.put(News(number, Outcome(error=error)))
            return False
        return True

    def _hire(self) -> "_Process | Refused":
        try:
            with self._lock:
                if self._stopping:
                    return Refused("interrupted", EXIT_FAILURE)
                process = _Process(self._command, self._begin)
                self._processes.add(process)
        except OSError as error:
            return Refused(f"a process cannot be started: {error.strerror}; try fewer with --jobs", EXIT_FAILURE)
        try:
            answer = process.load()
        except _Died as how:
            answer = Refused(f"a process died while it loaded the model ({how}); try fewer with --jobs", EXIT_FAILURE)
        if isinstance(answer, Refused):
            self._dismiss(process)
            return answer
        self._news.put(answer)
        return process

    def _dismiss(self, process: _Process) -> None:
        process.close()
        with self._lock:
            self._processes.discard(process)

    def _left(self) -> bool:
        return not self._stopping and self._next < len(self._wanted)

    def _take(self) -> int | None:
        with self._lock:
            if not self._left():
                return None
            self._next += 1
            return self._next - 1
