"""A child is read, ended and reaped, whatever it does."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from edge_asr.audio import child_process
from edge_asr.audio.child_process import ChildProcess
from tests.waiting import wait_until


class Listener:
    def __init__(self, *words: str) -> None:
        self.output = b""
        self.lines: list[str] = []
        self.ends = 0
        self.child = ChildProcess(words, self._take, self.lines.append, self._end)

    def _take(self, data: bytes) -> None:
        self.output += data

    def _end(self) -> None:
        self.ends += 1

    def wait_for(self, output: bytes) -> None:
        wait_until(lambda: output in self.output, 10.0, f"{output!r} (it wrote {self.output!r}, {self.lines})")


def shell(script: str) -> Listener:
    return Listener("sh", "-c", script)


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def ours() -> tuple[int, int]:
    """Descriptors and threads of this process."""
    return len([*Path("/proc/self/fd").iterdir()]), threading.active_count()


def test_output_and_words_arrive_and_the_end_is_told_once() -> None:
    before = ours()
    heard = shell("printf abc; echo one >&2; sleep 0.05; echo two words >&2; exit 3")
    wait_until(lambda: heard.child.gone, 10.0, "the end")
    assert (heard.output, heard.lines, heard.ends) == (b"abc", ["one", "two words"], 1)
    assert heard.child.reason == "sh: two words"
    assert not exists(heard.child.pid)
    assert heard.child.close(1.0)
    assert ours() == before


def test_the_last_line_counts_without_its_end_and_when_it_is_long() -> None:
    heard = shell("head -c 100000 /dev/zero | tr '\\0' x >&2; printf '\\nlast' >&2; exit 1")
    wait_until(lambda: heard.child.gone, 10.0, "the end")
    assert heard.child.reason == "sh: last"
    assert all(len(line) <= 400 for line in heard.lines)


@pytest.mark.parametrize(
    ("script", "reason"),
    [("exit 4", "sh ended with exit code 4"), ("kill -9 $$", "sh was killed by SIGKILL"), ("exit 0", "exit code 0")],
)
def test_an_end_without_words_is_told_too(script: str, reason: str) -> None:
    heard = shell(script)
    wait_until(lambda: heard.child.gone, 10.0, "the end")
    assert heard.child.reason.endswith(reason)


def test_a_program_that_is_not_there() -> None:
    heard = Listener("/nowhere/recorder")
    wait_until(lambda: heard.child.gone, 10.0, "the end")
    assert "/nowhere/recorder" in heard.child.reason
    assert heard.ends == 1


def test_what_ignores_sigterm_is_killed_within_the_deadline() -> None:
    heard = shell("trap '' TERM; printf ready; while :; do sleep 0.1; done")
    heard.wait_for(b"ready")
    began = time.monotonic()
    assert heard.child.close(5.0)
    assert time.monotonic() - began < 4.0
    assert not exists(heard.child.pid)


def test_a_stopped_child_does_not_hold_us() -> None:
    before = ours()
    heard = shell("printf ready; exec sleep 100")
    heard.wait_for(b"ready")
    os.kill(heard.child.pid, signal.SIGSTOP)
    assert heard.child.close(5.0)
    assert not exists(heard.child.pid)
    assert ours() == before


def test_what_cannot_be_killed_in_time_is_reaped_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a program that waits in a driver: signals have no effect until the driver lets go."""
    release = threading.Event()
    kill = subprocess.Popen.kill

    def kill_later(child: subprocess.Popen[bytes]) -> None:
        release.wait(20.0)
        kill(child)

    monkeypatch.setattr(subprocess.Popen, "terminate", lambda _: None)
    monkeypatch.setattr(subprocess.Popen, "kill", kill_later)
    heard = shell("printf ready; exec sleep 100")
    heard.wait_for(b"ready")
    began = time.monotonic()
    assert not heard.child.close(0.3)
    assert time.monotonic() - began < 3.0
    assert not heard.child.gone
    release.set()
    wait_until(lambda: heard.child.gone, 10.0, "reaped")
    assert not exists(heard.child.pid)


def test_closing_before_it_has_begun() -> None:
    for _ in range(20):
        heard = shell("exec sleep 100")
        assert heard.child.close(10.0)
        assert heard.child.pid == 0 or not exists(heard.child.pid)


def test_what_is_closed_while_it_begins_is_not_even_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> tuple[str, ...]:
        begun.set()
        go_on.wait(10.0)
        return ()

    monkeypatch.setattr(child_process, "_dies_with_us", slow)
    heard = Listener("touch", str(tmp_path / "started"))
    assert begun.wait(10.0)
    assert not heard.child.close(0.0)
    go_on.set()
    wait_until(lambda: heard.child.gone, 10.0, "the end")
    assert (heard.child.pid, heard.ends, heard.child.reason) == (0, 1, "")
    assert not (tmp_path / "started").exists()


_DAEMON = """
import sys, threading, time
from edge_asr.audio.child_process import ChildProcess
ready = threading.Event()
child = ChildProcess(["sh", "-c", sys.argv[1]], lambda _: ready.set(), print, lambda: None)
ready.wait()
print(child.pid, flush=True)
time.sleep(100)
"""


@pytest.mark.parametrize("stopped", [False, True])
def test_it_dies_with_us(stopped: bool) -> None:
    """Silent, so that no broken pipe tells it; stopped, so that no signal but one is heard."""
    daemon = subprocess.Popen(
        [sys.executable, "-c", _DAEMON, "printf ready; exec sleep 1000"], stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout is not None
    with daemon:
        pid = int(daemon.stdout.readline())
        if stopped:
            os.kill(pid, signal.SIGSTOP)
        daemon.kill()
        daemon.wait()
        wait_until(lambda: not _runs(pid), 5.0, "the child's end")


def test_it_dies_with_us_by_its_broken_pipe_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("sh", "printf", "sleep"):
        (tmp_path / name).symlink_to(f"/bin/{name}" if name != "printf" else "/usr/bin/printf")
    monkeypatch.setenv("PATH", str(tmp_path))  # no setpriv
    script = "while :; do printf ready || exit; sleep 0.05; done"
    daemon = subprocess.Popen([sys.executable, "-c", _DAEMON, script], stdout=subprocess.PIPE, text=True)
    assert daemon.stdout is not None
    with daemon:
        pid = int(daemon.stdout.readline())
        daemon.kill()
        daemon.wait()
        wait_until(lambda: not _runs(pid), 5.0, "the child's end")


def _runs(pid: int) -> bool:
    """Whether it is there and no zombie, which whoever is process 1 may be slow to take."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
