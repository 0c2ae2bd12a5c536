"""The callback, and what is said when PortAudio cannot be had. Real devices: test_capture_pulse."""

import importlib
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.deadline import DeadlineError
from edge_asr.audio.portaudio import PULSE_DEVICE, PortAudio, PortAudioStream, StreamRequest, _input
from edge_asr.clock import SystemClock
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics
from tests.fakes import HandClock
from tests.waiting import wait_until

FINE = SimpleNamespace(input_overflow=False)
OVERFLOW = SimpleNamespace(input_overflow=True)


def request(**changes: Any) -> StreamRequest:
    values: dict[str, Any] = {
        "device_name": PULSE_DEVICE,
        "environment": {},
        "stream_id": "s1",
        "sample_rate_hz": 16000,
        "channels": 2,
        "channel": "mix",
        "chunk_samples": 4,
    }
    return StreamRequest(**{**values, **changes})


class Callback:
    """A stream whose callback is called by hand."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.metrics = Metrics()
        self.chunks: list[AudioChunk] = []
        self.stream = PortAudioStream(PortAudio(self.clock, self.metrics), request(), self.chunks.append)

    def block(self, *values: int, status: Any = FINE) -> None:
        self.stream.on_samples(np.array(values, np.int16).tobytes(), len(values) // 2, None, status)


def test_a_block_becomes_a_mono_chunk_with_the_house_clock() -> None:
    callback = Callback()
    callback.block(1, 3, -5, -7, 0, 0, 10, 20)
    callback.clock.advance_s(0.5)
    callback.block(2, 2, 2, 2, 2, 2, 2, 2)
    first, second = callback.chunks
    assert (first.stream_id, first.first_sample, first.sample_rate_hz) == ("s1", 0, 16000)
    assert first.samples.tolist() == [2, -6, 0, 15]
    assert second.first_sample == 4
    assert second.captured_ns - first.captured_ns == 500_000_000
    assert callback.stream.last_chunk_ns == second.captured_ns


def test_an_overflow_is_a_gap_of_one_chunk_and_counted() -> None:
    callback = Callback()
    callback.block(*range(8), status=OVERFLOW)  # before the first chunk nothing can be missing
    callback.block(*range(8), status=OVERFLOW)
    callback.block(*range(8))
    assert [chunk.first_sample for chunk in callback.chunks] == [0, 8, 12]
    dropped = callback.metrics.registry.get_sample_value("edge_asr_audio_dropped_seconds_total", {"reason": "overflow"})
    assert dropped == pytest.approx(4 / 16000)


def test_a_detached_stream_delivers_nothing_however_late_the_driver_is() -> None:
    callback = Callback()
    callback.stream.detach()
    callback.block(*range(8))
    assert callback.chunks == []


def test_a_stream_that_opens_too_late_delivers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    callback, release = Callback(), threading.Event()
    portaudio = PortAudio(callback.clock, callback.metrics)

    def hang(wanted: StreamRequest, stream: PortAudioStream) -> None:
        release.wait(5.0)
        stream.on_samples(np.zeros(8, np.int16).tobytes(), 4, None, FINE)

    monkeypatch.setattr(portaudio, "_open", hang)
    monkeypatch.setattr("edge_asr.audio.portaudio._OPEN_DEADLINE_S", 0.05)
    with pytest.raises(DeadlineError):
        portaudio.open(request(), callback.chunks.append)
    assert portaudio.hangs
    release.set()
    wait_until(lambda: not portaudio.hangs, 5.0, "the late opening")
    assert callback.chunks == []


def test_the_end_of_a_stream_wakes_capture() -> None:
    callback = Callback()
    woken: list[int] = []
    callback.stream.wake = lambda: woken.append(1)
    callback.stream.attach(object())
    before = callback.stream.active
    callback.stream.on_finished()
    assert (before, callback.stream.active) == (True, False)
    assert woken == [1]


def test_hardware_is_named_by_its_card_and_plugins_by_their_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.audio.portaudio.card_id", lambda index: {"1": "Device"}.get(index, ""))
    monkeypatch.setattr("edge_asr.audio.portaudio.usb_id", lambda index: {"1": "0d8c:0014"}.get(index, ""))

    def device(name: str) -> dict[str, Any]:
        return {"name": name, "max_input_channels": 1, "default_samplerate": 44100.0}

    usb = _input(device("USB PnP Sound Device: Audio (hw:1,0)"))
    assert (usb.stable_id, usb.description, usb.usb_id) == ("Device", "USB PnP Sound Device", "0d8c:0014")
    assert usb.is_hardware
    assert usb.sample_rate_hz == 44100
    assert _input(device("USB PnP Sound Device: Audio #1 (hw:1,2)")).stable_id == "Device,2"
    assert _input(device("I2S: - (hw:3,0)")).stable_id == "card3"
    plugin = _input(device("sysdefault"))
    assert (plugin.stable_id, plugin.is_hardware) == ("sysdefault", False)


def test_a_missing_library_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(CaptureError, match="sudo apt install libportaudio2"):
        PortAudio(SystemClock(), Metrics()).inputs()


@pytest.mark.pulse
def test_the_list_of_devices_is_of_now_and_not_of_the_first_look(pulse_server: PulseServer) -> None:
    portaudio = PortAudio(SystemClock(), Metrics())
    pulse_server.kill()
    assert PULSE_DEVICE not in {device.device_name for device in portaudio.inputs()}
    with pytest.raises(CaptureError, match="sudo apt install libasound2-plugins"):
        portaudio.open(request(), lambda _: None)
    pulse_server.start()
    assert PULSE_DEVICE in {device.device_name for device in portaudio.inputs()}


@pytest.mark.pulse
def test_what_the_server_refuses_is_one_line(pulse_server: PulseServer) -> None:
    portaudio = PortAudio(SystemClock(), Metrics())
    with pytest.raises(CaptureError, match="'no_such_mic' cannot be opened at 16000 Hz, 2 channel") as caught:
        portaudio.open(request(environment={"PULSE_SOURCE": "no_such_mic"}), lambda _: None)
    assert "\n" not in str(caught.value)
    with pytest.raises(CaptureError, match="'no such device' is not there any more"):
        portaudio.open(request(device_name="no such device"), lambda _: None)
    with pytest.raises(CaptureError, match="999 channel"):
        portaudio.open(request(channels=999), lambda _: None)
