"""When the volume of the microphone is turned, and by how much."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.audio.auto_gain import AutoGain, GainLimits
from edge_asr.audio.capture import Capture
from edge_asr.audio.level_meter import Level, LevelMeter
from edge_asr.audio.ring import Ring
from edge_asr.clock import SystemClock
from edge_asr.config import AudioConfig
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample
from edge_asr.metrics import Metrics
from tests.audio.capture_room import CONFIG, Room
from tests.waiting import wait_until

LIMITS = GainLimits(30, 120)
ROOM = Level(-60.0, -50.0, 0, 16_000)
QUIET_VOICE = Level(-42.0, -30.0, 0, 16_000)
USUAL_VOICE = Level(-27.0, -12.0, 0, 16_000)
CLIPPING = Level(-6.0, 0.0, 160, 16_000)


def heard(*levels: Level) -> AutoGain:
    auto = AutoGain(LIMITS)
    for level in levels:
        auto.take(level)
    return auto


def test_voices_of_a_usual_level_leave_it_alone() -> None:
    assert heard(*[ROOM] * 10, *[USUAL_VOICE] * 20).wish(100) is None


def test_a_voice_that_clips_turns_it_down_at_once_and_rarely_again() -> None:
    auto = heard(ROOM, CLIPPING)
    assert auto.wish(100) == 85
    assert auto.wish(85) is None
    for _ in range(4):
        auto.take(CLIPPING)  # partly from before the change
    assert auto.wish(85) is None
    auto.take(CLIPPING)
    assert auto.wish(85) == 72


def test_some_samples_at_full_scale_are_no_clipping() -> None:
    assert heard(ROOM, Level(-20.0, 0.0, 8, 16_000)).wish(100) is None


def test_quiet_voices_turn_it_up_and_quiet_rooms_do_not() -> None:
    assert heard(*[ROOM] * 5, *[QUIET_VOICE] * 4).wish(100) == 112
    assert heard(*[ROOM] * 5, *[QUIET_VOICE] * 3).wish(100) is None  # a door
    assert heard(*[ROOM] * 30).wish(100) is None
    assert heard(*[QUIET_VOICE] * 30).wish(100) is None  # a fan
    assert heard(ROOM, *[QUIET_VOICE] * 8, USUAL_VOICE).wish(100) is None


def test_the_limits_hold_and_what_somebody_set_beyond_them_is_theirs() -> None:
    quiet, loud = [ROOM, *[QUIET_VOICE] * 5], [ROOM, CLIPPING]
    assert heard(*quiet).wish(115) == 120
    assert heard(*quiet).wish(120) is None
    assert heard(*quiet).wish(140) is None
    assert heard(*loud).wish(140) == 119
    assert heard(*loud).wish(33) == 30
    assert heard(*loud).wish(30) is None
    assert heard(*loud).wish(20) is None
    assert heard(*quiet).wish(20) == 22


@given(st.lists(st.sampled_from([ROOM, QUIET_VOICE, USUAL_VOICE, CLIPPING]), max_size=200), st.integers(30, 120))
def test_it_never_leaves_its_limits_and_changes_rarely(levels: list[Level], percent: int) -> None:
    auto, changed_at = AutoGain(LIMITS), -100
    for number, level in enumerate(levels):
        auto.take(level)
        wish = auto.wish(percent)
        if wish is not None:
            assert 30 <= wish <= 120
            assert wish != percent
            assert number - changed_at > 4
            percent, changed_at = wish, number


def test_it_turns_the_open_microphone_and_not_what_the_user_wishes() -> None:
    room, auto = Room(), AutoGain(LIMITS)
    room.capture = Capture(
        CONFIG, room.ring, room.clock, room.metrics, room.states.append, auto_gain=auto, opener=room.opener
    )
    room.capture.set_gain(100)
    room.healthy()
    auto.take(CLIPPING)
    room.capture.step()
    assert room.stream.volume == 85
    assert room.capture.gain_news() == (85, True, "")
    room.stream.active = False
    room.capture.step()
    room.until_open()
    room.healthy()
    assert room.stream.volume == 100  # the next one has what somebody wants of it


@pytest.mark.pulse
def test_a_quiet_voice_at_a_real_source_is_raised(pulse_server: PulseServer, tmp_path: object) -> None:
    path = f"{tmp_path}/quiet.wav"
    speech = np.concatenate([soundfile.read(str(each), dtype="float32")[0] for each in sample()])
    room = np.random.default_rng(3).normal(0.0, 0.0005, len(speech))
    soundfile.write(path, 0.01 * speech / np.abs(speech).max() + room, 16_000)
    metrics = Metrics()
    auto = AutoGain(GainLimits(30, 120))
    ring = Ring(10.0, metrics)
    meter = LevelMeter(1.0, auto.take)
    capture = Capture(
        AudioConfig(source="usb_mic"), ring, SystemClock(), metrics, lambda _: None, meters=[meter], auto_gain=auto
    )
    with pulse_server.play(path) as player:
        capture.start()
        try:
            wait_until(lambda: (capture.gain_news().percent or 0) >= 110, 40.0, "louder")
        finally:
            capture.stop(10.0)
            player.kill()
    assert "112%" in pulse_server.pactl("get-source-volume", "usb_mic")
