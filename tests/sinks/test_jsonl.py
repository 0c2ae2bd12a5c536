"""Events as lines in a file, a pipe or standard output."""

import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from edge_asr.config import JsonlConfig
from edge_asr.errors import ConfigError
from edge_asr.events import Event, decode
from edge_asr.metrics import Metrics
from edge_asr.sinks.jsonl import JsonlSink
from tests import sample_events


def dropped(metrics: Metrics, reason: str) -> float:
    labels = {"sink": "jsonl", "reason": reason}
    return metrics.registry.get_sample_value("edge_asr_events_dropped_total", labels) or 0.0


@pytest.mark.parametrize("partials", [True, False])
def test_lines_are_appended_and_only_for_the_owner(partials: bool, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    sent: list[Event] = [sample_events.speech_started(), sample_events.partial(), sample_events.final()]
    for _ in range(2):
        sink = JsonlSink(JsonlConfig(path=str(path), partials=partials), Metrics())
        sink.start()
        sink.report(sample_events.state())
        for event in sent:
            sink.emit(event)
        assert path.read_bytes().endswith(b"\n")  # before it is closed
        sink.stop(1.0)
    expected = sent if partials else [sent[0], sent[2]]
    assert [decode(line) for line in path.read_bytes().splitlines()] == [*expected, *expected]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_standard_output() -> None:
    program = """
        from edge_asr.config import JsonlConfig
        from edge_asr.metrics import Metrics
        from edge_asr.sinks.jsonl import JsonlSink
        from tests import sample_events
        sink = JsonlSink(JsonlConfig(path="-"), Metrics())
        sink.emit(sample_events.final())
        sink.stop(1.0)
        print("still open")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, timeout=30, check=True)
    first, second = done.stdout.splitlines()
    assert decode(first) == sample_events.final()
    assert second == b"still open"


def test_a_full_disk_is_counted_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    sink = JsonlSink(JsonlConfig(path="/dev/full"), metrics)
    for _ in range(3):
        sink.emit(sample_events.final())
    sink.stop(1.0)
    assert dropped(metrics, "unwritable") == 3
    assert caplog.text.count("No space left on device") == 1
    assert "turn on" not in caplog.text


def test_a_reader_that_goes_away_or_falls_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    metrics = Metrics()
    sink = JsonlSink(JsonlConfig(path=str(pipe)), metrics)
    long = sample_events.final(text="words " * 1000)
    for _ in range(30):  # 180 kB into a pipe that holds 64
        sink.emit(long)
    lost = dropped(metrics, "unwritable")
    assert 0 < lost < 30
    received = b""
    while chunk := _read(reader):
        received += chunk
    sink.emit(sample_events.final(segment_id="s-2"))
    received += _read(reader)
    lines = received.splitlines()
    whole = [line for line in lines if line.endswith(b"}")]
    assert len(lines) - len(whole) <= 1  # one line may be torn, and the next one begins anew
    assert decode(lines[-1]) == sample_events.final(segment_id="s-2")
    assert len(whole) == 30 - lost + 1
    os.close(reader)
    sink.emit(sample_events.final(segment_id="s-3"))
    assert dropped(metrics, "unwritable") == lost + 1
    assert "does not keep up" in caplog.text
    assert "Broken pipe" in caplog.text
    sink.stop(1.0)
    sink.emit(sample_events.final(segment_id="s-4"))
    assert dropped(metrics, "stopped") == 1


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 20)
    except BlockingIOError:
        return b""


@pytest.mark.parametrize("name", ["", "missing/events.jsonl", "pipe", "nul\0"])
def test_a_path_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody reads from it
    with pytest.raises(ConfigError, match=r"^jsonl\.path"):
        JsonlSink(JsonlConfig(path=f"{tmp_path}/{name}"), Metrics())
