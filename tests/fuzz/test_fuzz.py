"""A short run of the fuzzed commands, and that the run would notice."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.commands import OURS, House, Sent

ROOT = Path(__file__).parents[2]


def test_thirty_thousand_messages_break_nothing() -> None:
    words = [sys.executable, "-m", "tests.fuzz", "--messages", "30000", "--seed", "7"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {name: int(count) for count, name in re.findall(r"(\d+) (executed|refused|retained)", done.stdout)}
    assert all(counts[name] > 500 for name in ("executed", "refused", "retained"))


def test_a_retained_command_that_was_executed_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    command = house._controls.command
    monkeypatch.setattr(
        house._controls, "command", lambda control, payload, **_: command(control, payload, retained=False)
    )
    with pytest.raises(AssertionError, match="changed"):
        house.receive(Sent(OURS[0], b"ON", retained=True))


def test_a_topic_that_is_not_quite_ours_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    monkeypatch.setitem(house._sink._connection._inbox._commands, "edge_asr/k2/mute/set", "mute")
    with pytest.raises(AssertionError, match="changed"):
        house.receive(Sent(b"edge_asr/k2/mute/set", b"ON", retained=False))
