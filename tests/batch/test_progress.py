"""The bar over a batch: seconds that are known, and seconds that become known."""

import io
import sys

import pytest

from edge_asr.batch.progress import BatchBar


def test_the_bar_counts_seconds_and_files(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = BatchBar([10.0, 0.0], shown=True)
    bar.heard(0, 4.0)
    bar.heard(1, 3.0)  # nobody knew how long it is
    bar.done(1)
    bar.heard(0, 12.0)  # longer than its header says
    bar.done(0)
    bar.say("a line", sys.stderr)  # which shows the bar as it then is
    bar.close()
    last = terminal.getvalue().split("a line\n")[1]
    assert "2/2 files 100%" in last
    assert "13/13 s of sound" in last


def test_elsewhere_than_on_a_terminal_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    bar = BatchBar([10.0], shown=False)
    bar.heard(0, 4.0)
    bar.say("a line", sys.stdout)
    bar.done(0)
    bar.close()
    assert (capsys.readouterr().out, capsys.readouterr().err) == ("a line\n", "")
