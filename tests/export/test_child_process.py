"""Children: their words on failure, their end on ours."""

import os
import signal
import sys
from pathlib import Path

import pytest

from edge_asr.errors import ModelError
from edge_asr_export.child_process import run_child


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_a_failure_carries_the_last_words() -> None:
    with pytest.raises(ModelError, match=r"failed \(exit code 3\): second$"):
        run_child(python("import sys; print('first\\nsecond', file=sys.stderr); sys.exit(3)"))


def test_a_silent_failure_says_so() -> None:
    with pytest.raises(ModelError, match=r"failed \(exit code 3\): it said nothing"):
        run_child(python("raise SystemExit(3)"))


def test_a_program_killed_for_memory_is_told_apart() -> None:
    with pytest.raises(ModelError, match=r"want of memory; .*build the model on a larger machine"):
        run_child(python("import os; os.kill(os.getpid(), 9)"))


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ModelError, match="no-such-program cannot be started: it is not installed"):
        run_child(["no-such-program"])


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_error_on_our_side_ends_the_child(error: type[BaseException], tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    script = f"import os, time, pathlib; pathlib.Path({str(mark)!r}).write_text(str(os.getpid())); time.sleep(60)"

    def tick() -> None:
        if mark.exists() and mark.read_text():
            raise error

    with pytest.raises(error):
        run_child(python(script), tick=tick)
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), signal.SIGCONT)


def test_where_the_kernel_s_word_may_not_be_had_the_program_runs_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service's rules may forbid setpriv what it does before it starts the program."""
    refusing = tmp_path / "setpriv"
    refusing.write_text("#!/bin/sh\necho 'setpriv: activate capabilities: Operation not permitted' >&2\nexit 127\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    run_child(["sh", "-c", f"echo done >{tmp_path}/done"])
    assert (tmp_path / "done").read_text() == "done\n"
