"""The real daemon as a child process, which never outlives the one that started it."""

import contextlib
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from edge_asr.demo.guarded import GuardedFolder

_TERM_DEADLINE_S = 6.0  # the daemon promises 3 s
_LAST_LINES = 50
DAEMON = (sys.executable, "-m", "edge_asr", "run")

# PR_SET_PDEATHSIG: the kernel sends SIGTERM when the thread that started the child ends, however it ends. The kernel
# keeps it across exec, and the check closes the gap before it was set. Isolated and without `site`: it starts quickly.
_LEASH = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


class Daemon:
    """Context manager around `edge-asr run`: entering starts it, leaving stops it (SIGTERM, then by force).

    What people say of its controls is not kept: it begins as configured and leaves the real one's alone. words: what
    follows `run`. variables: added to this process' environment. show_log: its log goes to our standard
    error; else only its last lines are kept. Enter it in the main thread, the child ends with that thread.
    """

    def __init__(
        self,
        words: Sequence[str],
        variables: Mapping[str, str],
        *,
        show_log: bool = False,
        command: Sequence[str] = DAEMON,
    ) -> None:
        self._command = [*command, *words]
        self._variables = variables
        self._show_log = show_log
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._child: subprocess.Popen[str] | None = None
        self._state_home: GuardedFolder | None = None
        self._reader = threading.Thread(target=self._read, name="daemon-log", daemon=True)

    def __enter__(self) -> Self:
        self._state_home = GuardedFolder("edge-asr-state-")
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LEASH, str(os.getpid()), *self._command],
            env={**os.environ, "XDG_STATE_HOME": str(self._state_home.path), **self._variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None if self._show_log else subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C in the terminal is for us; we end the daemon in our own order
        )
        if not self._show_log:
            self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        child = self._running()
        child.terminate()
        try:
            child.wait(_TERM_DEADLINE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if self._reader.ident is not None:
            self._reader.join(1.0)
        if self._state_home is not None:
            self._state_home.remove()

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._running().pid

    def terminate(self) -> None:
        """Ask it to stop; leaving the context waits for it."""
        self._running().terminate()

    def exit_code(self) -> int | None:
        """None while it runs; 128 + n when signal n ended it."""
        code = self._running().poll()
        return code if code is None or code >= 0 else 128 - code

    def last_words(self) -> str:
        """The last line of its log, without the program's name; call it when the child has ended."""
        if self._show_log:
            return "its log above says why"
        self._reader.join(1.0)
        lines = [line.strip() for line in self._lines if line.strip()]
        return lines[-1].removeprefix("edge-asr: ") if lines else "it said nothing"

    def _running(self) -> subprocess.Popen[str]:
        if self._child is None:
            raise RuntimeError("the daemon has not been started: use it in a with statement")
        return self._child

    def _read(self) -> None:
        stderr = self._running().stderr
        if stderr is not None:
            with contextlib.suppress(ValueError), stderr:
                self._lines.extend(stderr)
