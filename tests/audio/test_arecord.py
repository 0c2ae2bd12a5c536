"""ALSA without PortAudio. There is no sound card here: plugins of ALSA stand for one."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.audio import arecord as arecord_module
from edge_asr.audio.alsa import capture_devices
from edge_asr.audio.arecord import Arecord, Probes
from edge_asr.audio.child_stream import ChildStream
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.devices import Microphone
from edge_asr.audio.opener import SystemOpener
from edge_asr.audio.recorders import arecord
from edge_asr.clock import SystemClock
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics
from tests.audio.test_recorders import PLAYED, Ears, recorders
from tests.waiting import wait_until

_ALSA = "/usr/share/alsa/alsa.conf"
needs_arecord = pytest.mark.skipif(shutil.which("arecord") is None, reason="no arecord: sudo apt install alsa-utils")

CARDS = """\
 0 [vc4hdmi        ]: vc4-hdmi - vc4-hdmi
                      vc4-hdmi
 1 [Device         ]: USB-Audio - USB PnP Sound Device
                      C-Media USB PnP Sound Device at usb-3f980000.usb-1.2, full speed
"""
PCM = """\
00-00: MAI PCM i2s-hifi-0 : MAI PCM i2s-hifi-0 : playback 1
01-00: USB Audio : USB Audio : playback 1 : capture 1
01-02: USB Audio #2 : USB Audio #2 : capture 1
"""


def proc(folder: Path) -> Path:
    (folder / "cards").write_text(CARDS)
    (folder / "pcm").write_text(PCM)
    return folder


def test_the_kernel_tells_what_can_record(tmp_path: Path) -> None:
    assert capture_devices(tmp_path) == []
    assert capture_devices(proc(tmp_path)) == [("1", "0", "USB PnP Sound Device"), ("1", "2", "USB PnP Sound Device")]


def fields(rate: str, channels: str, formats: str) -> dict[str, str]:
    return {"RATE": rate, "CHANNELS": channels, "FORMAT": formats}


@pytest.mark.parametrize(
    ("told", "shape"),
    [
        (fields("[8000 48000]", "[1 2]", "S16_LE"), ("hw:CARD=A,DEV=0", "S16_LE", 48000, 2)),
        (fields("44100", "1", "S16_LE S24_3LE"), ("hw:CARD=A,DEV=0", "S16_LE", 44100, 1)),
        (fields("16000", "6", "S32_LE"), ("hw:CARD=A,DEV=0", "S32_LE", 16000, 6)),
        (fields("[96000 192000]", "2", "FLOAT_LE"), ("hw:CARD=A,DEV=0", "FLOAT_LE", 96000, 2)),
        (fields("48000", "2", "S24_3LE"), ("plughw:CARD=A,DEV=0", "S16_LE", 48000, 2)),
    ],
)
def test_hardware_is_read_as_it_is(told: dict[str, str], shape: tuple[str, str, int, int]) -> None:
    found = arecord_module._shape("hw:CARD=A,DEV=0", told, is_hardware=True)
    assert (found.device, found.sample_format, found.sample_rate_hz, found.channels) == shape


def test_a_plugin_that_takes_any_number_of_channels_has_one() -> None:
    found = arecord_module._shape("p", fields("[1 384000]", "[1 32]", "S16_LE"), is_hardware=False)
    assert (found.sample_rate_hz, found.channels) == (48000, 1)


def test_cards_are_opened_by_their_id(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def listen(_: Probes, device: str, *, is_hardware: bool) -> None:
        asked.append(f"{device} {is_hardware}")

    monkeypatch.setattr(Probes, "probe", listen)
    for stable_id, is_plugin in [("Device", False), ("Device,2", False), ("card3", False), ("mic", True)]:
        Probes().shape_of(
            Microphone("alsa", "as PortAudio says", "", f"alsa:{stable_id}", 48000, 1, is_plugin=is_plugin)
        )
    assert asked == [
        "hw:CARD=Device,DEV=0 True",
        "hw:CARD=Device,DEV=2 True",
        "hw:CARD=3,DEV=0 True",
        "mic False",
    ]


@needs_arecord
def test_a_device_that_is_not_there_is_one_line_with_alsas_words() -> None:
    with pytest.raises(CaptureError, match=r"'alsa:no_such_mic' cannot be opened: arecord: .*No such file") as caught:
        Arecord(Probes(), "no_such_mic").inputs()
    assert "\n" not in str(caught.value)


@pytest.fixture
def alsa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of ALSA of our own; the path of it."""
    rc = tmp_path / "asoundrc"
    rc.write_text("")
    monkeypatch.setenv("ALSA_CONFIG_PATH", f"{_ALSA}:{rc}")
    return rc


@needs_arecord
@pytest.mark.parametrize(("sample_format", "dtype"), [("S16_LE", "<i2"), ("S32_LE", "<i4"), ("FLOAT_LE", "<f4")])
def test_wide_samples_arrive_rounded_and_clipped(alsa: Path, tmp_path: Path, sample_format: str, dtype: str) -> None:
    """Six channels, the third of which is wanted; through a real arecord."""
    wanted = PLAYED[:16000]
    wide = np.zeros((len(wanted), 6))
    wide[:, 2] = wanted / 32768.0
    raw = wide.astype("<f4") if dtype == "<f4" else np.rint(wide * 2.0 ** (8 * int(dtype[2]) - 1)).astype(dtype)
    if dtype == "<f4":
        raw[5, 2] = 1.5  # louder than full scale
    (tmp_path / "in.raw").write_bytes(raw.tobytes())
    alsa.write_text(f"pcm.mic {{ type file slave.pcm null file /dev/null infile {tmp_path}/in.raw format raw }}\n")
    chunks: list[AudioChunk] = []
    recorder = arecord("mic", sample_format, 16000, 6, 20)  # type: ignore[arg-type]
    stream = ChildStream(recorder, "s", 2, 320, chunks.append, SystemClock(), Metrics(), lambda: None)
    try:
        wait_until(lambda: len(chunks) >= 50, 10.0, f"a second ({stream.why_ended})")
    finally:
        assert stream.close(5.0)
    heard = np.concatenate([chunk.samples for chunk in chunks[:50]])
    expected = wanted.copy()
    if dtype == "<f4":
        expected[5] = 32767
    assert np.array_equal(heard, expected)


@needs_arecord
def test_a_device_of_another_rate_is_refused_whatever_language_is_spoken_here(
    alsa: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ALSA's `share` plugin has the rate of its slave alone, as some hardware does."""
    monkeypatch.setenv("LANGUAGE", "de")
    alsa.write_text("pcm.mic { type share slave { pcm null rate 44100 channels 1 format S16_LE } bindings { 0 0 } }\n")
    chunks: list[AudioChunk] = []
    recorder = arecord("mic", "S16_LE", 16000, 1, 20)
    stream = ChildStream(recorder, "s", "mix", 320, chunks.append, SystemClock(), Metrics(), lambda: None)
    try:
        wait_until(lambda: not stream.active, 10.0, "its refusal")
        assert "rate is not accurate (requested = 16000Hz, got = 44100Hz)" in stream.why_ended
        assert chunks == []
    finally:
        assert stream.close(5.0)


@pytest.fixture
def ears(pulse_server: PulseServer, alsa: Path) -> Iterator[Ears]:
    """A microphone of 48 kHz behind ALSA's `pulse` plugin, read by arecord."""
    pulse_server.pactl(
        "load-module", "module-null-sink", "sink_name=feed48", "rate=48000", "format=s16le", "channels=1"
    )
    alsa.write_text("pcm.mic { type pulse device feed48.monitor }\n")
    ears = Ears("arecord", "alsa:mic")
    try:
        yield ears
    finally:
        ears.capture.stop(10.0)
        assert recorders() == []


@needs_arecord
@pytest.mark.pulse
def test_what_is_played_arrives_sample_for_sample(ears: Ears, tmp_path: Path) -> None:
    ears.wait_for("healthy")
    # A null sink's monitor misses the moment in which a player joins, so silence goes first.
    soundfile.write(tmp_path / "noise.wav", np.concatenate([np.zeros(24000, np.int16), PLAYED]), 48000)
    subprocess.run(["paplay", "--device=feed48", str(tmp_path / "noise.wav")], check=True, timeout=20.0)

    def all_there() -> bool:
        loud = np.flatnonzero(ears.listen())
        return len(loud) > 0 and len(ears.listen()) - loud[0] >= len(PLAYED)

    wait_until(all_there, 10.0, "a second of sound")
    heard = ears.listen()
    begin = int(np.flatnonzero(heard)[0])
    assert np.array_equal(heard[begin : begin + len(PLAYED)], PLAYED)
    assert {(chunk.sample_rate_hz, len(chunk.samples)) for chunk in ears.heard} == {(48000, 960)}
    assert ears.counted("capture_backend", backend="arecord") == 1.0


@needs_arecord
@pytest.mark.pulse
def test_a_recorder_that_is_killed_and_one_that_is_stopped(ears: Ears) -> None:
    ears.wait_for("healthy")
    (pid,) = recorders()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: any("arecord was killed by SIGKILL" in state.reason for state in ears.states), 5.0, "lost")
    ears.hears_again()
    (pid,) = recorders()
    os.kill(pid, signal.SIGSTOP)
    ears.wait_for("lost", 6.0)
    ears.hears_again()
    assert pid not in recorders()


@needs_arecord
def test_probing_leaves_nothing_behind(alsa: Path) -> None:
    alsa.write_text("pcm.mic { type plug slave.pcm null }\n")
    probes = Probes()
    assert probes.probe("mic", is_hardware=False).sample_format == "S16_LE"
    assert recorders() == []
    assert not probes.hangs


def test_a_device_whose_driver_hangs_is_asked_once_and_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As one that waits in its driver: no signal has an effect until that lets go."""
    release, started = threading.Event(), tmp_path / "started"
    kill = subprocess.Popen.kill

    def kill_later(child: subprocess.Popen[bytes]) -> None:
        release.wait(20.0)
        kill(child)

    monkeypatch.setattr(subprocess.Popen, "terminate", lambda _: None)
    monkeypatch.setattr(subprocess.Popen, "kill", kill_later)
    program = tmp_path / "arecord"
    program.write_text(f"#!/bin/sh\necho x >> {started}\nexec sleep 100\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(arecord_module, "_PROBE_S", 0.5)
    monkeypatch.setattr(arecord_module, "_CLOSE_S", 0.2)
    opener = SystemOpener("alsa:mic", "mix", 20, SystemClock(), Metrics(), "arecord")
    try:
        for _ in range(3):
            with pytest.raises(CaptureError, match="'alsa:mic'"):
                opener.choose()
            wait_until(started.exists, 5.0, "its start")
        assert opener.hangs  # so that a mute does not call the microphone closed
        assert started.read_text() == "x\n"
    finally:
        release.set()
    wait_until(lambda: not opener.hangs, 10.0, "its end")
    opener.stop()
