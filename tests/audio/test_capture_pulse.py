"""The faults of a real sound server. In each of them samples arrive again by themselves."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.audio.capture import Capture
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.ring import Ring
from edge_asr.audio.source import CaptureState
from edge_asr.clock import SystemClock
from edge_asr.config import AudioConfig
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.metrics import Metrics
from tests.waiting import wait_until

pytestmark = pytest.mark.pulse

HEALTHY_S = 20.0  # the source sleeps for up to 2 s; the rest is for a busy machine


class Ears:
    """A capture of `usb_mic`, and what it said and heard."""

    def __init__(self, source: str = "usb_mic", one_value_alarm_s: float = 0.0) -> None:
        self.metrics = Metrics()
        self.ring = Ring(60.0, self.metrics)
        self.states: list[CaptureState] = []
        config = AudioConfig(
            source=source,
            no_chunk_timeout_s=2.0,
            one_value_alarm_s=one_value_alarm_s,
            reopen_min_s=0.2,
            reopen_max_s=5.0,
        )
        self.capture = Capture(config, self.ring, SystemClock(), self.metrics, self.states.append)

    @property
    def status(self) -> str:
        return self.capture.state.status

    def wait_for(self, status: str, deadline_s: float = HEALTHY_S) -> float:
        return wait_until(lambda: self.status == status, deadline_s, f"{status} (it is {self.capture.state})")

    def waiting(self) -> list[AudioChunk]:
        chunks = []
        while (chunk := self.ring.pop(0.0)) is not None:
            chunks.append(chunk)
        return chunks

    def hears_again(self) -> None:
        """Healthy, with chunks of one new stream that begins at 0."""
        self.waiting()
        self.wait_for("healthy")
        chunk = self.ring.pop(5.0)
        assert chunk is not None

    def reopened(self, reason: str) -> float:
        return self.metrics.registry.get_sample_value("edge_asr_capture_reopened_total", {"reason": reason}) or 0.0


@pytest.fixture
def ears(pulse_server: PulseServer) -> Iterator[Ears]:
    ears = Ears()
    ears.capture.start()
    try:
        yield ears
    finally:
        pulse_server.resume()
        ears.capture.stop(10.0)


def test_what_is_played_arrives_sample_for_sample(ears: Ears, pulse_server: PulseServer, tmp_path: Path) -> None:
    played = np.random.default_rng(7).integers(-20000, 20000, 48000).astype(np.int16)
    played[0] = 12345  # not a zero: it marks the beginning
    soundfile.write(tmp_path / "noise.wav", played, 16000)
    ears.wait_for("healthy")
    assert pulse_server.play(tmp_path / "noise.wav").wait(20.0) == 0
    chunks: list[AudioChunk] = []

    def all_there() -> bool:
        chunks.extend(ears.waiting())
        heard = np.concatenate([chunk.samples for chunk in chunks]) if chunks else np.empty(0, np.int16)
        loud = np.flatnonzero(heard)
        return len(loud) > 0 and len(heard) - loud[0] >= len(played)

    wait_until(all_there, 10.0, "three seconds of sound")
    heard = np.concatenate([chunk.samples for chunk in chunks])
    begin = int(np.flatnonzero(heard)[0])
    assert np.array_equal(heard[begin : begin + len(played)], played)
    # One stream, without a gap, stamped in order, and never to be written to again.
    assert {chunk.stream_id for chunk in chunks} == {chunks[0].stream_id}
    assert [chunk.first_sample for chunk in chunks] == [320 * n for n in range(len(chunks))]
    assert all(early.captured_ns <= late.captured_ns for early, late in pairwise(chunks))
    assert 0 <= time.monotonic_ns() - chunks[-1].captured_ns < 30e9
    assert not chunks[0].samples.flags.writeable


def test_a_killed_server_that_restarts(ears: Ears, pulse_server: PulseServer) -> None:
    ears.wait_for("healthy")
    before = {chunk.stream_id for chunk in ears.waiting()}
    pulse_server.kill()
    ears.wait_for("lost", 5.0)
    wait_until(lambda: "no sound server at" in ears.capture.state.reason, 5.0, "the reason names the server")
    assert ears.capture.healthy_or_backing_off
    pulse_server.start()
    ears.hears_again()
    assert {chunk.stream_id for chunk in ears.waiting()}.isdisjoint(before)
    assert ears.reopened("ended") == 1.0


def test_a_microphone_that_is_unplugged_is_not_replaced_by_what_the_server_offers(
    ears: Ears, pulse_server: PulseServer, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "loud.wav", np.full(16000 * 8, 9999, np.int16), 16000)
    ears.wait_for("healthy")
    ears.waiting()
    pulse_server.unload_microphone()
    assert ears.wait_for("lost", 5.0) < 5.0
    ears.waiting()
    pulse_server.play(tmp_path / "loud.wav")  # the substitute, feed.monitor, hears this
    wait_until(lambda: "Present: no microphone" in ears.capture.state.reason, 5.0, "the reason lists what is there")
    time.sleep(1.0)
    assert ears.status == "lost"
    assert ears.waiting() == []
    pulse_server.load_microphone()
    ears.hears_again()
    assert ears.reopened("moved") == 1.0


def test_a_server_that_is_stopped_in_its_tracks(ears: Ears, pulse_server: PulseServer) -> None:
    ears.wait_for("healthy")
    pulse_server.suspend()
    ears.wait_for("lost", 6.0)
    # The close hangs, and so does every question; each has its deadline, and the process lives.
    wait_until(lambda: "does not answer" in ears.capture.state.reason, 15.0, "the reason names the silent server")
    assert ears.metrics.registry.get_sample_value("edge_asr_capture_close_timeouts_total") == 1.0
    assert ears.capture.healthy_or_backing_off
    ears.waiting()
    pulse_server.resume()
    ears.hears_again()
    assert len({chunk.stream_id for chunk in ears.waiting()}) <= 1  # the stream that was left behind stays mute
    assert ears.reopened("no_chunks") == 1.0


def test_a_server_that_comes_after_us(pulse_server: PulseServer) -> None:
    pulse_server.kill()
    ears = Ears(source="auto")
    ears.capture.start()
    try:
        ears.wait_for("lost", 5.0)
        assert ears.capture.state.reason.startswith("no microphone: no sound server at")
        pulse_server.start()
        ears.hears_again()
        assert ears.reopened("start") == 1.0
    finally:
        ears.capture.stop(10.0)


def test_mute_lets_the_server_see_that_nobody_listens(ears: Ears, pulse_server: PulseServer) -> None:
    ears.wait_for("healthy")
    assert "edge_asr" in pulse_server.pactl("list", "source-outputs")
    ears.capture.pause()
    ears.wait_for("muted", 5.0)
    wait_until(lambda: "edge_asr" not in pulse_server.pactl("list", "source-outputs"), 5.0, "nobody listens")
    ears.capture.resume()
    ears.hears_again()


def test_mute_does_not_call_a_microphone_closed_that_a_silent_server_holds_open(
    ears: Ears, pulse_server: PulseServer
) -> None:
    ears.wait_for("healthy")
    pulse_server.suspend()
    ears.capture.pause()
    ears.wait_for("muted", 10.0)
    assert "has not closed the microphone yet" in ears.capture.state.reason
    pulse_server.resume()
    wait_until(lambda: ears.capture.state.reason == "the microphone is closed", 10.0, "closed")
    assert "edge_asr" not in pulse_server.pactl("list", "source-outputs")


def test_a_channel_that_the_microphone_does_not_have_is_a_state(pulse_server: PulseServer) -> None:
    states: list[CaptureState] = []
    metrics = Metrics()
    capture = Capture(AudioConfig(channel=3), Ring(1.0, metrics), SystemClock(), metrics, states.append)
    capture.start()
    try:
        wait_until(lambda: states, 5.0, "a state")
        assert states[0].status == "lost"
        assert states[0].reason.startswith("'pulse:usb_mic': audio.channel is 3, but there is only channel 0")
    finally:
        capture.stop(10.0)


_CHILD = """
import sys, time
from edge_asr.audio.capture import Capture
from edge_asr.audio.ring import Ring
from edge_asr.clock import SystemClock
from edge_asr.config import AudioConfig
from edge_asr.metrics import Metrics
metrics = Metrics()
config = AudioConfig(no_chunk_timeout_s=0.5, reopen_min_s=0.2)
capture = Capture(config, Ring(5.0, metrics), SystemClock(), metrics, lambda state: print(state.status, flush=True))
capture.start()
sys.stdin.readline()
capture.stop(3.0)
print("end", flush=True)
"""


@pytest.mark.parametrize("suspended", [False, True])
def test_the_process_ends_even_while_the_server_is_silent(pulse_server: PulseServer, suspended: bool) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ, text=True
    )
    try:
        assert child.stdout is not None
        words = iter(child.stdout.readline, "")
        assert any(word == "healthy\n" for word in words)
        if suspended:
            pulse_server.suspend()
            assert any(word == "lost\n" for word in words)
        output, _ = child.communicate("\n", timeout=15.0)
        assert output.splitlines()[-1] == "end"
        assert child.returncode == 0
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        pulse_server.resume()


def test_the_way_through_alsa_alone(pulse_server: PulseServer) -> None:
    """No sound card here: ALSA's `pulse` device, named in full, stands for one; the sound server is not asked."""
    metrics = Metrics()
    ring = Ring(10.0, metrics)
    config = AudioConfig(source="alsa:pulse", channel=0)
    capture = Capture(config, ring, SystemClock(), metrics, lambda _: None)
    capture.start()
    try:
        wait_until(lambda: capture.state.status == "healthy", HEALTHY_S, "healthy")
        chunk = ring.pop(5.0)
        assert chunk is not None
        assert chunk.sample_rate_hz * config.chunk_ms // 1000 == len(chunk.samples)
        pulse_server.kill()
        wait_until(lambda: capture.state.status == "lost", 5.0, "lost")
        pulse_server.start()
        wait_until(lambda: capture.state.status == "healthy", HEALTHY_S, "healthy again")
    finally:
        capture.stop(10.0)


def test_digital_silence_is_said_and_a_mute_in_the_sound_server_is_one(
    pulse_server: PulseServer, tmp_path: Path
) -> None:
    hiss = np.random.default_rng(8).integers(-300, 300, 60 * 16_000).astype(np.int16)
    soundfile.write(tmp_path / "hiss.wav", hiss, 16_000)
    ears = Ears(one_value_alarm_s=1.0)
    with pulse_server.play(tmp_path / "hiss.wav") as player:
        ears.capture.start()
        try:
            ears.wait_for("healthy")
            pulse_server.pactl("set-source-mute", "usb_mic", "1")
            ears.wait_for("silent")
            pulse_server.pactl("set-source-mute", "usb_mic", "0")
            ears.wait_for("healthy")
        finally:
            ears.capture.stop(10.0)
            player.kill()
    assert ears.reopened("no_chunks") == 0.0
