"""Bytes of a recorder become chunks; what it says of gaps and rates is heeded. The recorders here are shell scripts."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_asr.audio.child_stream import ChildStream, Recorder
from edge_asr.audio.children import Children
from edge_asr.audio.chunk import AudioChunk
from edge_asr.clock import SystemClock
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics
from tests.waiting import wait_until

SAID = np.arange(-800, 800).astype("<i2")


class Tape:
    """A recorder that plays a file, and what came of it."""

    def __init__(self, tmp_path: Path, script: str, data: bytes = SAID.tobytes(), channels: int = 1) -> None:
        path = tmp_path / "tape.raw"
        path.write_bytes(data)
        self.chunks: list[AudioChunk] = []
        self.metrics = Metrics()
        self.woken = 0
        recorder = Recorder(("sh", "-c", script, "recorder", str(path)), 16000, channels)
        self.stream = ChildStream(
            recorder, "s1", "mix", 160, self.chunks.append, SystemClock(), self.metrics, self._wake
        )

    def _wake(self) -> None:
        self.woken += 1

    def until_its_end(self) -> None:
        wait_until(lambda: self.stream.gone, 10.0, "the end")

    def samples(self) -> list[int]:
        return [int(sample) for chunk in self.chunks for sample in chunk.samples]


@pytest.fixture
def tape(tmp_path: Path) -> Iterator[Callable[..., Tape]]:
    made: list[Tape] = []

    def make(script: str, data: bytes = SAID.tobytes(), channels: int = 1) -> Tape:
        made.append(Tape(tmp_path, script, data, channels))
        return made[-1]

    yield make
    for one in made:
        one.stream.close(5.0)


@pytest.mark.parametrize("size", [1, 3, 317, 4096])
def test_any_cutting_of_the_pipe_gives_the_same_chunks(tape: Callable[..., Tape], size: int) -> None:
    heard = tape(f'dd if="$1" bs={size} 2>/dev/null')
    heard.until_its_end()
    assert heard.samples() == SAID.tolist()
    assert [chunk.first_sample for chunk in heard.chunks] == [160 * n for n in range(10)]
    assert not heard.stream.active
    assert heard.woken == 1


def test_channels_are_mixed_as_everywhere(tape: Callable[..., Tape]) -> None:
    heard = tape('cat "$1"', channels=2)
    heard.until_its_end()
    assert heard.samples() == [int(left + right) // 2 for left, right in SAID.astype(int).reshape(-1, 2)]


@pytest.mark.parametrize("size", [1, 5, 4096])
def test_a_header_of_suns_audio_files_is_no_sound(tape: Callable[..., Tape], size: int) -> None:
    header = b"dns." + (28).to_bytes(4, "little") + b"x" * 20
    heard = tape(f'dd if="$1" bs={size} 2>/dev/null', header + SAID.tobytes())
    heard.until_its_end()
    assert heard.samples() == SAID.tolist()


def test_an_overrun_is_a_gap_and_counted(tape: Callable[..., Tape]) -> None:
    heard = tape('head -c 640 "$1"; sleep 0.2; echo "overrun!!! (at least 12.500 ms long)" >&2; sleep 0.2; cat "$1"')
    heard.until_its_end()
    assert [chunk.first_sample for chunk in heard.chunks][:4] == [0, 160, 320 + 200, 480 + 200]
    dropped = heard.metrics.registry.get_sample_value("edge_asr_audio_dropped_seconds_total", {"reason": "overflow"})
    assert dropped == pytest.approx(0.0125)


@pytest.mark.parametrize("told", ["1699999999999.123", "-12.000", "0.000"])
def test_an_overrun_that_cannot_have_been_so_long_is_a_gap_of_one_chunk(tape: Callable[..., Tape], told: str) -> None:
    heard = tape(f'head -c 640 "$1"; sleep 0.2; echo "overrun!!! (at least {told} ms long)" >&2; sleep 0.2; cat "$1"')
    heard.until_its_end()
    assert [chunk.first_sample for chunk in heard.chunks][:4] == [0, 160, 320 + 160, 480 + 160]
    dropped = heard.metrics.registry.get_sample_value("edge_asr_audio_dropped_seconds_total", {"reason": "overflow"})
    assert dropped == pytest.approx(0.01)


def test_samples_of_another_rate_are_not_taken(tape: Callable[..., Tape]) -> None:
    heard = tape(
        'echo "Warning: rate is not accurate (requested = 16000Hz, got = 44100Hz)" >&2; sleep 0.2; cat "$1"; sleep 9'
    )
    wait_until(lambda: not heard.stream.active, 5.0, "its refusal")
    assert "got = 44100Hz" in heard.stream.why_ended
    time.sleep(0.4)
    assert heard.chunks == []
    assert heard.woken == 1


def test_nothing_comes_after_the_close(tape: Callable[..., Tape]) -> None:
    heard = tape('while cat "$1"; do sleep 0.01; done')
    wait_until(lambda: heard.chunks, 5.0, "sound")
    assert heard.stream.close(5.0)
    count = len(heard.chunks)
    time.sleep(0.1)
    assert len(heard.chunks) == count
    assert heard.woken == 0


def test_recorders_that_hang_are_counted_and_not_added_to(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics()
    children = Children(SystemClock(), metrics)
    recorder = Recorder(("sh", "-c", "printf '%4000s'; exec sleep 100"), 16000, 1)

    def opened() -> ChildStream:
        return children.open(recorder, "s", "mix", 20, lambda _: None, lambda: None, threading.Event())

    streams = [opened() for _ in range(4)]
    close = ChildStream.close
    monkeypatch.setattr(ChildStream, "close", lambda *_: False)
    for stream in streams:
        assert not children.close(stream, 0.1)
    hung = children.hangs
    assert metrics.registry.get_sample_value("edge_asr_capture_close_timeouts_total") == 4.0
    with pytest.raises(CaptureError, match="4 earlier ones hang in the sound driver"):
        opened()
    monkeypatch.setattr(ChildStream, "close", close)
    for stream in streams:
        assert stream.close(5.0)
    assert (hung, children.hangs) == (True, False)
    assert children.close(opened(), 5.0)
