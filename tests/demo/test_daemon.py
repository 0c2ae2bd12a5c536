import os
import signal
import sys
import time
from pathlib import Path

import pytest

from edge_asr.demo import daemon
from edge_asr.demo.daemon import Daemon

DEADLINE_S = 10.0


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def wait_for_end(child: Daemon) -> int:
    end = time.monotonic() + DEADLINE_S
    while (code := child.exit_code()) is None:
        assert time.monotonic() < end
        time.sleep(0.02)
    return code


def test_its_exit_code_and_last_words() -> None:
    code = "import sys; print('first\\n\\nedge-asr: the last line\\n', file=sys.stderr); sys.exit(78)"
    with Daemon([], {}, command=python(code)) as child:
        assert wait_for_end(child) == 78
        assert child.last_words() == "the last line"


def test_one_that_says_nothing_and_dies_of_a_signal() -> None:
    with Daemon([], {}, command=python("import os; os.kill(os.getpid(), 9)")) as child:
        assert wait_for_end(child) == 128 + signal.SIGKILL
        assert child.last_words() == "it said nothing"


def test_words_and_variables_reach_it(tmp_path: Path) -> None:
    code = "import os, pathlib, sys; pathlib.Path(os.environ['WHERE']).write_text(' '.join(sys.argv[1:]))"
    with Daemon(["--set", "a=b"], {"WHERE": str(tmp_path / "words")}, command=python(code)) as child:
        assert wait_for_end(child) == 0
    assert (tmp_path / "words").read_text() == "--set a=b"


def test_one_that_does_not_stop_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(daemon, "_TERM_DEADLINE_S", 0.2)
    ready = tmp_path / "ready"
    code = f"import signal, time, pathlib; signal.signal(15, signal.SIG_IGN); pathlib.Path({str(ready)!r}).touch(); "
    with Daemon([], {}, command=python(code + "time.sleep(60)")) as child:
        end = time.monotonic() + DEADLINE_S
        while not ready.exists() and time.monotonic() < end:
            time.sleep(0.02)
        pid = child.pid
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_flood_of_log_lines_is_bounded() -> None:
    code = "import sys\nfor n in range(20000): print('line', n, file=sys.stderr)"
    with Daemon([], {}, command=python(code)) as child:
        assert wait_for_end(child) == 0
        assert child.last_words() == "line 19999"
        assert len(child._lines) == 50
