"""Whether a process has a terminal: with one, and without."""

import os
import pty
import subprocess
import sys

TRY = "from edge_asr.terminal import has_terminal; raise SystemExit(10 + has_terminal())"


def test_a_process_in_a_terminal_has_one() -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", TRY])  # noqa: S606 - no shell is wanted
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 11


def test_a_process_of_a_session_of_its_own_has_none() -> None:
    done = subprocess.run([sys.executable, "-c", TRY], start_new_session=True, timeout=60, check=False)
    assert done.returncode == 10
