"""The volume of the microphone in use: wished for at any time, set when one is open, read back."""

import pytest

from edge_asr.audio.auto_gain import AutoGain, GainLimits
from edge_asr.audio.gain import GainKeeper
from edge_asr.audio.level_meter import Level
from edge_asr.audio.opener import SystemOpener
from edge_asr.clock import SystemClock
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics
from tests.audio.capture_room import Room
from tests.audio.microphones import FakeStream
from tests.audio.test_capture_pulse import Ears
from tests.fakes import HandClock
from tests.waiting import wait_until


def test_what_the_source_has_is_read_and_what_is_wished_is_set_and_read_back() -> None:
    room = Room()
    assert room.capture.gain_news() == (None, True, "")
    room.healthy()
    assert room.capture.gain_news() == (100, True, "")
    room.capture.set_gain(60)
    assert room.capture.gain_news() == (100, False, "")
    room.capture.step()
    assert room.capture.gain_news() == (60, True, "")
    room.capture.set_gain(150)
    room.capture.step()
    assert room.capture.gain_news() == (120, True, "")  # what it has become, not what was asked for


def test_what_somebody_else_sets_is_seen_and_left_alone() -> None:
    room = Room()
    room.healthy()
    room.capture.set_gain(60)
    room.capture.step()
    room.stream.volume = 30
    room.capture.on_change(False)
    room.capture.step()
    assert room.capture.gain_news() == (30, True, "")
    assert room.stream.volume == 30


def test_a_wish_waits_for_the_microphone_and_holds_for_the_next_one() -> None:
    room = Room()
    room.capture.set_gain(40)
    assert room.capture.gain_news() == (None, False, "")
    room.healthy()
    assert room.stream.volume == 40
    first = room.stream
    first.active = False
    room.capture.step()
    assert room.capture.gain_news() == (None, True, "")
    room.until_open()
    assert room.stream is not first
    room.healthy()
    assert room.stream.volume == 40


def test_a_refusal_is_told_once_and_the_true_volume_with_it() -> None:
    room = Room()
    room.healthy()
    room.stream.gain_fault = CaptureError("it has no volume")
    room.stream.volume = None
    room.capture.set_gain(40)
    room.capture.step()
    assert room.capture.gain_news() == (None, True, "it has no volume")
    assert room.capture.gain_news() == (None, True, "")


@pytest.mark.parametrize("fault", [None, CaptureError("it is gone")])
def test_a_volume_that_cannot_be_turned_is_one_line(
    fault: CaptureError | None, caplog: pytest.LogCaptureFixture
) -> None:
    """A source whose control does not move, while somebody shouts all the time."""

    tries: list[int] = []

    class Stuck(FakeStream):
        def set_gain(self, percent: int) -> int:
            tries.append(percent)
            if fault is not None:
                raise fault
            return 100

    keeper, auto = GainKeeper(), AutoGain(GainLimits(30, 120))
    stream = Stuck("s", lambda _: None, HandClock())
    for opening in (1, 2):
        keeper.apply(stream, look=True)
        for _ in range(50):
            auto.take(Level(-3.0, 0.0, 8000, 16000))
            keeper.adjust(stream, auto)
        assert len(tries) > 5 * opening
        assert len(caplog.records) == opening
        keeper.closed()
    assert caplog.records[0].levelname == "WARNING"


@pytest.mark.pulse
def test_a_real_source_is_set_read_and_watched(pulse_server: PulseServer) -> None:
    ears = Ears()
    ears.capture.start()
    try:
        ears.wait_for("healthy")
        wait_until(lambda: ears.capture.gain_news().percent == 100, 5, "its volume")
        ears.capture.set_gain(45)
        wait_until(lambda: ears.capture.gain_news() == (45, True, ""), 5, "45 %")
        [line] = [line for line in pulse_server.pactl("list", "sources").splitlines() if "45%" in line]
        assert line.strip().startswith("Volume:")
        pulse_server.pactl("set-source-volume", "usb_mic", "120%")
        wait_until(lambda: ears.capture.gain_news().percent == 120, 5, "120 %")
        pulse_server.pactl("set-source-volume", "usb_mic", "33%")
        wait_until(lambda: ears.capture.gain_news().percent == 33, 5, "33 %")
    finally:
        ears.capture.stop(5.0)


@pytest.mark.pulse
def test_it_is_set_again_after_a_restart_of_the_server(pulse_server: PulseServer) -> None:
    ears = Ears()
    ears.capture.set_gain(70)
    ears.capture.start()
    try:
        ears.wait_for("healthy")
        wait_until(lambda: ears.capture.gain_news() == (70, True, ""), 5, "70 %")
        pulse_server.kill()
        ears.wait_for("lost")
        pulse_server.start()
        ears.wait_for("healthy")
        wait_until(lambda: "70%" in pulse_server.pactl("get-source-volume", "usb_mic"), 5, "70 % again")
    finally:
        ears.capture.stop(5.0)


@pytest.mark.pulse
def test_without_a_sound_server_the_refusal_says_what_to_do(pulse_server: PulseServer) -> None:
    opener = SystemOpener("alsa:pulse", "mix", 20, SystemClock(), Metrics())
    stream = opener.open(opener.choose(), "s", lambda _: None)
    try:
        assert stream.gain() is None
        with pytest.raises(CaptureError, match="alsamixer, or let PulseAudio or PipeWire run"):
            stream.set_gain(50)
    finally:
        stream.close(2.0)
        opener.stop()
