"""A child process and a folder that cannot outlive this process, however it ends."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_GONE_DEADLINE_S = 5.0
_POLL_S = 0.02

# The guard reads from a pipe whose other end only we hold: when we end, even by SIGKILL, the read ends and so does the
# child, and its folder with it. PR_SET_PDEATHSIG is no substitute: it fires when the starting *thread* ends.
_GUARD = """
folder=$1; log=$2; shift 2
"$@" </dev/null >"$log" 2>&1 &
echo $!
exec >/dev/null
read -r word
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
[ "$word" = keep ] || rm -rf "$folder"
"""


_FOLDER_GUARD = """
read -r word
[ "$word" = keep ] || { sleep 1; rm -rf "$1"; }
"""  # the second is for a process that still writes there and ends with us


class GuardedFolder:
    """A temporary folder that cannot outlive this process, however it ends."""

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self._guard = subprocess.Popen(
            ["sh", "-c", _FOLDER_GUARD, "sh", str(self.path)], stdin=subprocess.PIPE, text=True, start_new_session=True
        )

    def remove(self) -> None:
        """Remove it, and whatever is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._guard.communicate("keep\n")


class GuardedProcess:
    """One running child, its output in the file `log`. `folder` is removed only when this process dies unawares.

    variables: added to this process' environment.
    """

    def __init__(
        self, words: Sequence[str], folder: Path, log: Path, variables: Mapping[str, str] | None = None
    ) -> None:
        self._guard = subprocess.Popen(
            ["sh", "-c", _GUARD, "sh", str(folder), str(log), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(variables or {})},
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is for us; we end the child in our own order
        )
        assert self._guard.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        self.pid = int(self._guard.stdout.readline())

    @property
    def runs(self) -> bool:
        """Whether the child is there and not a zombie."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (OSError, IndexError):
            return False

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the child; none when it is gone."""
        if self.runs:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def stop(self, deadline_s: float) -> None:
        """End the child in good order, by force after `deadline_s`."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        self._wait(deadline_s)
        self.kill()

    def kill(self) -> None:
        """End the child as a crash would."""
        try:
            self._guard.communicate("keep\n", timeout=_GONE_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.communicate()

    def _wait(self, deadline_s: float) -> None:
        deadline = time.monotonic() + deadline_s
        while self.runs and time.monotonic() < deadline:
            time.sleep(_POLL_S)
