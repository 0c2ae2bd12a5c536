"""Mute holds when it is short, when it comes at a bad moment, and says so when the sound system does not obey."""

import math
import threading
import time
from pathlib import Path

import pytest

from edge_asr.audio.capture import Capture
from edge_asr.audio.child_stream import Recorder
from edge_asr.audio.deadline import TooManyHungCallsError
from edge_asr.audio.devices import Inventory, Microphone
from edge_asr.audio.level_meter import Level
from edge_asr.audio.opener import SystemOpener
from edge_asr.audio.portaudio import UnfitError
from edge_asr.audio.ring import Ring
from edge_asr.audio.source import CaptureState
from edge_asr.clock import SystemClock
from edge_asr.config import AudioConfig
from edge_asr.metrics import Metrics
from tests.audio.capture_room import Room
from tests.audio.microphones import USB_MIC
from tests.waiting import wait_until


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_mute_that_is_over_before_the_thread_looks_closes_the_microphone_all_the_same(room: Room) -> None:
    room.healthy()
    muted = room.stream
    room.capture.pause()
    room.capture.resume()
    assert room.capture.step() == 0.0  # the next look is due at once
    assert muted.closed_within_s is not None
    room.until_open()
    assert room.stream is not muted
    assert room.statuses == ["starting", "healthy", "muted", "starting", "starting"]


def test_a_mute_that_comes_while_the_sound_system_is_asked_opens_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose = room.opener.choose

    def slow() -> Microphone:
        room.capture.pause()
        return choose()

    monkeypatch.setattr(room.opener, "choose", slow)
    room.run_for(3.0)
    assert room.opener.attempts == 1
    assert room.opener.streams == []
    assert room.status == "muted"


def test_a_microphone_that_does_not_close_is_not_called_closed_until_it_is(room: Room) -> None:
    room.healthy()
    room.opener.hangs = True
    room.capture.pause()
    room.run_for(3.0)
    assert room.status == "muted"
    assert "has not closed" in room.capture.state.reason
    room.opener.hangs = False
    room.run_for(1.0)
    assert room.capture.state.reason == "the microphone is closed"
    assert room.statuses == ["starting", "healthy", "muted", "muted"]


def test_the_watchdog_does_not_end_a_mute_for_a_new_process_would_listen(room: Room) -> None:
    room.healthy()
    room.stream.close_error = TooManyHungCallsError("closing is not tried")
    room.capture.pause()
    room.run_for(5.0)
    assert room.status == "muted"
    assert room.watchdog_is_fed()
    room.capture.resume()
    room.opener.fault = TooManyHungCallsError("opening is not tried")
    room.run_for(1.0)
    assert not room.watchdog_is_fed()


def test_who_is_mute_has_no_level_from_that_moment_on() -> None:
    """A microphone that is slow to close still delivers."""
    levels: list[Level] = []
    room = Room(levels.append)
    assert math.isnan(room.level())
    room.healthy()
    assert len(levels) == 1
    assert room.level() == pytest.approx(-90.3, abs=0.1)
    room.capture.pause()
    room.stream.chunk()
    assert len(levels) == 1
    room.capture.step()
    assert math.isnan(room.level())
    room.capture.resume()
    room.until_open()
    room.stream.chunk()
    assert len(levels) == 2


@pytest.mark.parametrize(("hangs_s", "sleeps_s"), [(0.6, 0), (0.0, 30)])
def test_no_recorder_is_started_or_left_running_once_somebody_has_muted(
    hangs_s: float, sleeps_s: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Mute comes while PortAudio hangs, before its stand-in is started; or while that wakes the source up."""
    metrics, clock, pids = Metrics(), SystemClock(), tmp_path / "pids"
    opener = SystemOpener("pulse:usb_mic", "mix", 20, clock, metrics)
    asked = threading.Event()

    def hung(*_: object) -> None:
        asked.set()
        time.sleep(hangs_s)
        raise UnfitError("PortAudio is not there")

    words = ("sh", "-c", f"echo $$ >> {pids}; sleep {sleeps_s}; exec cat /dev/urandom")
    monkeypatch.setattr(opener, "_inventory", lambda: Inventory((USB_MIC,), "", ""))
    monkeypatch.setattr(opener, "_open_portaudio", hung)
    monkeypatch.setattr("edge_asr.audio.opener.recorder_of", lambda *_: Recorder(words, 16_000, 1))
    monkeypatch.setattr(opener, "start", lambda _: None)
    ring, states = Ring(10.0, metrics), list[CaptureState]()
    capture = Capture(AudioConfig(source="pulse:usb_mic"), ring, clock, metrics, states.append, opener=opener)
    capture.start()
    try:
        assert asked.wait(5.0)
        if not hangs_s:
            wait_until(pids.exists, 5.0, "the recorder")
        capture.pause()
        wait_until(lambda: capture.state.reason == "the microphone is closed", 5.0, "the mute")
    finally:
        capture.stop(5.0)
    assert [state.status for state in states] == ["muted", "stopped"]
    assert ring.pop(0.0) is None
    started = pids.read_text().split() if pids.exists() else []
    assert len(started) == (0 if hangs_s else 1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)
