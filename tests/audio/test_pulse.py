"""What the sound server says, asked of a real one."""

import os
import threading
import time

import pytest

from edge_asr.audio.portaudio import PULSE_DEVICE, PortAudio, StreamRequest
from edge_asr.audio.pulse import (
    STREAM_PROPERTY,
    PulseSource,
    PulseWatcher,
    SilentServerError,
    SoundServer,
    server_address,
)
from edge_asr.clock import SystemClock
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics
from tests.waiting import wait_until

pytestmark = pytest.mark.pulse


def test_sources_with_all_that_they_are_chosen_by(pulse_server: PulseServer) -> None:
    survey = SoundServer().survey()
    assert survey.default_source == "usb_mic"
    assert survey.sources == (
        PulseSource("feed.monitor", "Monitor of Null Output", True, False, 16000, 1, "", ""),
        PulseSource("usb_mic", "Virtual_USB_Mic", False, False, 16000, 1, "", ""),
    )


def test_usb_ids_come_from_the_properties(pulse_server: PulseServer) -> None:
    pulse_server.unload_microphone()
    pulse_server.pactl(
        "load-module",
        "module-null-sink",
        "sink_name=other",
        "rate=44100",
        "channels=2",
    )
    properties = "device.bus=usb device.vendor.id=0d8c device.product.id=0014 device.serial=X1"
    pulse_server.pactl(
        "load-module",
        "module-remap-source",
        "source_name=stereo_mic",
        "master=other.monitor",
        f"source_properties='{properties}'",
    )
    mic = {source.name: source for source in SoundServer().survey().sources}["stereo_mic"]
    assert (mic.usb_id, mic.sample_rate_hz, mic.channels) == ("0d8c:0014:X1", 44100, 2)


def test_muting_is_seen(pulse_server: PulseServer) -> None:
    pulse_server.pactl("set-source-mute", "usb_mic", "1")
    assert [source.is_muted for source in SoundServer().survey().sources] == [False, True]


@pytest.mark.parametrize("source", ["usb_mic", "feed.monitor"])
def test_the_environment_selects_the_source_and_the_server_says_which_one_feeds_us(
    pulse_server: PulseServer, source: str
) -> None:
    portaudio = PortAudio(SystemClock(), Metrics())
    environment = {"PULSE_SOURCE": source, "PULSE_PROP": f"{STREAM_PROPERTY}=abc"}
    request = StreamRequest(PULSE_DEVICE, environment, "abc", 16000, 1, "mix", 320)
    arrived = threading.Event()
    stream = portaudio.open(request, lambda _: arrived.set())
    try:
        server = SoundServer()
        wait_until(lambda: server.source_of_stream("abc") is not None, 5.0, "our stream is in the server")
        assert server.source_of_stream("abc") == source
        assert server.source_of_stream("ab") is None
        assert arrived.wait(5.0)
    finally:
        assert portaudio.close(stream, 5.0)
    assert "PULSE_SOURCE" not in os.environ
    assert "PULSE_PROP" not in os.environ


def test_a_question_mends_itself_after_a_restart(pulse_server: PulseServer) -> None:
    server = SoundServer()
    assert server.survey().default_source == "usb_mic"
    pulse_server.kill()
    with pytest.raises(CaptureError, match="start PulseAudio or PipeWire") as caught:
        server.survey()
    assert server_address() in str(caught.value)
    pulse_server.start()
    assert server.survey().default_source == "usb_mic"
    pulse_server.kill()
    pulse_server.start()
    assert server.survey().default_source == "usb_mic"  # no question in between has failed
    server.close()


def test_a_silent_server_costs_one_deadline_and_then_nothing_until_it_is_back(pulse_server: PulseServer) -> None:
    back = threading.Event()
    server = SoundServer(on_recovery=back.set)
    server.survey()
    pulse_server.suspend()
    with pytest.raises(SilentServerError, match="does not answer"):
        server.survey()
    began = time.monotonic()
    for _ in range(5):
        with pytest.raises(SilentServerError):
            server.survey()
    assert time.monotonic() - began < 2.0  # not 5 deadlines, and no thread for each
    assert sum(thread.name == "sound: the sound server" for thread in threading.enumerate()) == 1
    assert not back.is_set()
    pulse_server.resume()
    assert back.wait(10.0)
    assert server.survey().default_source == "usb_mic"


def test_the_watcher_tells_what_comes_and_goes_over_restarts(pulse_server: PulseServer) -> None:
    news: list[bool] = []
    watcher = PulseWatcher(news.append)
    watcher.start()
    wait_until(lambda: True in news, 5.0, "the server is there")
    for change in (pulse_server.unload_microphone, pulse_server.load_microphone, pulse_server.kill, pulse_server.start):
        news.clear()
        change()
        wait_until(lambda: True in news, 5.0, change.__name__)
    time.sleep(0.2)
    news.clear()
    pulse_server.pactl("set-source-volume", "usb_mic", "50%")
    wait_until(lambda: news, 5.0, "a volume")
    assert True not in news
    watcher.stop()


def test_the_address_is_found_as_libpulse_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert server_address() == f"unix:/run/user/{os.getuid()}/pulse/native"
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/me")
    assert server_address() == "unix:/run/me/pulse/native"
    monkeypatch.setenv("PULSE_RUNTIME_PATH", "/run/other")
    assert server_address() == "unix:/run/other/native"
    monkeypatch.setenv("PULSE_SERVER", "tcp:box")
    assert server_address() == "tcp:box"
