"""A program whose output is read, and which cannot outlive whoever reads it."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache

_TERM_S = 0.5  # what it has to end in good order
_READ_BYTES = 65536
_LINE_BYTES = 400  # of what it says of itself, so that a line stays a line
_TRY_S = 2.0
_LAST_WORDS_S = 0.2  # what it said right before it ended


class ChildProcess:
    """One run of a program. A thread of its own starts it, reads it, ends it and reaps it.

    `on_output` (bytes of standard output, as they come), `on_line` (a line of standard error) and `on_end` are called
    in that thread; they must not block or raise. A program that cannot be killed (it waits in a driver) is waited for
    in that thread alone: `close` comes back after its deadline. It dies with this process, even by SIGKILL: by the
    kernel's word where setpriv is there, else because nobody reads its pipe any more.
    """

    def __init__(
        self,
        words: Sequence[str],
        on_output: Callable[[bytes], None],
        on_line: Callable[[str], None],
        on_end: Callable[[], None],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._words = list(words)
        self._on_output = on_output
        self._on_line = on_line
        self._on_end = on_end
        # What it says is read: in English. LANGUAGE would overrule C.UTF-8, which is not quite C.
        self._environment = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "", **(variables or {})}
        self._stop = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._lock = threading.Lock()  # the descriptor is closed by one thread and written to by another
        self._stopping = False
        self._half_line = b""
        self._last_line = ""
        self._exit_code: int | None = None
        self.pid = 0  # 0 until it has been started
        # The kernel tells a child of the end of the *thread* that started it: so it is the one that lives as long.
        self._thread = threading.Thread(target=self._run, name=f"child: {words[0]}", daemon=True)
        self._thread.start()

    @property
    def gone(self) -> bool:
        """Whether it has ended and was reaped, and nothing of it is left."""
        return not self._thread.is_alive()

    @property
    def reason(self) -> str:
        """Why it has ended: how it was killed, else its last line on standard error."""
        name, code = self._words[0], self._exit_code
        if code is not None and code < 0:
            return f"{name} was killed by {signal.Signals(-code).name}"
        if self._last_line:
            return self._last_line if self._last_line.startswith(name) else f"{name}: {self._last_line}"
        return "" if code is None else f"{name} ended with exit code {code}"

    def close(self, deadline_s: float) -> bool:
        """End it: SIGTERM, SIGKILL a little later. False when it is not gone within the deadline."""
        with self._lock:
            self._stopping = True
            if self._stop >= 0:
                os.eventfd_write(self._stop, 1)
        self._thread.join(deadline_s)
        return self.gone

    def _run(self) -> None:
        try:
            self._live()
        except OSError as error:
            self._last_line = f"cannot be started: {error.strerror}"
        finally:
            with self._lock:
                os.close(self._stop)
                self._stop = -1
            self._on_end()

    def _live(self) -> None:
        first = _dies_with_us()
        if self._stopping:  # it took its time to find out: who has muted us meanwhile wants no recorder at all
            return
        with subprocess.Popen(
            [*first, *self._words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            bufsize=0,
            start_new_session=True,  # Ctrl-C in the terminal is for us; we end it in our own order
        ) as child:
            self.pid = child.pid
            try:
                self._read(child)
            finally:
                self._end(child)

    def _read(self, child: subprocess.Popen[bytes]) -> None:
        """Until it closes its output, or we are to stop."""
        output, words = _descriptors(child)
        poll = select.poll()
        for descriptor in (output, words, self._stop):
            poll.register(descriptor, select.POLLIN)
        while not self._stopping:
            for descriptor, _ in poll.poll():
                if descriptor == output:
                    data = os.read(output, _READ_BYTES)
                    if not data:
                        self._hear_out(words)
                        return
                    self._on_output(data)
                elif descriptor == words and not self._take_words(words):
                    poll.unregister(words)

    def _hear_out(self, words: int) -> None:
        poll = select.poll()
        poll.register(words, select.POLLIN)
        while poll.poll(_LAST_WORDS_S * 1000) and self._take_words(words):
            pass

    def _take_words(self, words: int) -> bool:
        """Read standard error; False at its end."""
        data = os.read(words, _READ_BYTES)
        *lines, self._half_line = (self._half_line + data).split(b"\n")
        if not data:
            lines.append(self._half_line)
        self._half_line = self._half_line[-_LINE_BYTES:]
        for line in lines:
            text = line[:_LINE_BYTES].decode(errors="replace").strip()
            if text:
                self._last_line = text
                self._on_line(text)
        return bool(data)

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        """Reap it, however long that takes."""
        if child.poll() is None:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_TERM_S)
        if child.poll() is None:
            child.kill()
        self._exit_code = child.wait()


def _descriptors(child: subprocess.Popen[bytes]) -> tuple[int, int]:
    assert child.stdout is not None  # noqa: S101 - for the type checker: both are pipes
    assert child.stderr is not None  # noqa: S101
    return child.stdout.fileno(), child.stderr.fileno()


@cache
def _dies_with_us() -> tuple[str, ...]:
    """Words that make the kernel kill a program with us; none where setpriv (of util-linux) cannot or may not."""
    words = (shutil.which("setpriv") or "", "--pdeathsig", "KILL")
    if not words[0]:
        return ()
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        tried = subprocess.run(
            [*words, "true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_TRY_S, check=False
        )
        if tried.returncode == 0:
            return words
    return ()
