"""Libraries, sockets and sound cards that are missing or closed."""

import os
import socket
from pathlib import Path

import pytest

from edge_asr.audio import pulse
from edge_asr.audio.devices import Inventory, Microphone
from edge_asr.audio.pulse import SoundServer
from edge_asr.config import AudioConfig
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.doctor.libraries import libraries
from edge_asr.doctor.microphones import microphones
from edge_asr.doctor.sound_cards import sound_cards
from edge_asr.doctor.sound_server import socket_fault, sound_server


def test_every_missing_library_is_named_with_its_package(tmp_path: Path) -> None:
    (finding,) = libraries((("libnone.so.1", "libnone1"), ("libc.so.6", "libc6")), tmp_path)
    assert finding.level == "FAIL"
    assert finding.fix == "sudo apt install libnone1 libasound2-plugins"
    assert "libnone.so.1" in finding.text
    assert "libc" not in finding.text


def test_the_plugin_is_found_where_alsa_looks(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "aarch64-linux-gnu" / "alsa-lib"
    folder.mkdir(parents=True)
    (folder / "libasound_module_pcm_pulse.so").touch()
    (finding,) = libraries((("libc.so.6", "libc6"),), tmp_path)
    assert (finding.level, finding.text) == ("ok", "libc6, libasound2-plugins")


@pytest.mark.parametrize(
    ("variables", "fix"),
    [
        ({"PULSE_SERVER": "unix:/x"}, "unset PULSE_SERVER"),
        ({"SUDO_USER": "pi"}, "run edge-asr without sudo, as pi"),
        ({}, f"export XDG_RUNTIME_DIR=/run/user/{os.getuid()}"),
        ({"XDG_RUNTIME_DIR": "/run/user/1000"}, "systemctl --user start pipewire-pulse"),
    ],
)
def test_a_socket_that_is_not_there_has_many_reasons(variables: dict[str, str], fix: str, tmp_path: Path) -> None:
    seen, found = socket_fault(f"unix:{tmp_path / 'native'}", variables)
    assert seen == "there is no such socket"
    assert found.startswith(fix)


def test_a_socket_that_nobody_listens_at_and_one_that_refuses(tmp_path: Path) -> None:
    path = tmp_path / "native"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert socket_fault(f"unix:{path}", {})[0] == "nobody listens at the socket"
        listener.listen(1)
        seen, fix = socket_fault(str(path), {})
        assert seen == "it refuses us"
        assert "PULSE_COOKIE" in fix


def test_a_server_on_another_machine() -> None:
    assert socket_fault("tcp:elsewhere.test:4713", {})[1] == "unset PULSE_SERVER to use the one here"


@pytest.mark.parametrize(("needed", "level"), [(True, "FAIL"), (False, "skip")])
@pytest.mark.parametrize("lack", ["server", "libpulse"])
def test_a_server_that_is_not_there_is_a_fault_only_where_it_is_needed(
    lack: str, needed: bool, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'native'}")
    if lack == "libpulse":
        monkeypatch.setattr(pulse, "pulsectl", None)
    (finding,) = sound_server(SoundServer(), needed=needed)
    assert finding.level == level
    assert ("none is needed: the microphone comes from ALSA" in finding.text) is not needed


@pytest.mark.pulse
@pytest.mark.parametrize(("needed", "level"), [(True, "FAIL"), (False, "warn")])
def test_a_silent_server_is_told_even_where_it_is_not_needed(
    needed: bool, level: str, pulse_server: PulseServer
) -> None:
    pulse_server.suspend()
    (finding,) = sound_server(SoundServer(), needed=needed)
    pulse_server.resume()
    assert finding.level == level
    assert "does not answer" in finding.text
    assert "pulseaudio --kill" in finding.fix  # ALSA's list tries every sound server, and hangs with it


def cards(folder: Path, *names: str) -> Path:
    for index, name in enumerate(names):
        (folder / f"card{index}").mkdir(parents=True)
        (folder / f"card{index}" / "id").write_text(f"{name}\n")
    return folder


def test_sound_cards_that_are_missing_deaf_or_hidden(tmp_path: Path) -> None:
    proc, devices = tmp_path / "asound", tmp_path / "snd"
    assert "the kernel knows none" in sound_cards(devices, proc)[0].text
    cards(proc, "vc4hdmi", "Device")
    (hidden,) = sound_cards(devices, proc)
    assert hidden.fix == "in a container add: --device /dev/snd"
    devices.mkdir()
    (deaf,) = sound_cards(devices, proc)
    assert deaf.text == "vc4hdmi, Device, none of which can record"
    (devices / "pcmC1D0c").touch()
    (good,) = sound_cards(devices, proc)
    assert (good.level, good.text) == ("ok", "vc4hdmi, Device; recording: pcmC1D0c")


def test_a_sound_card_that_this_user_may_not_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    devices = tmp_path / "snd"
    devices.mkdir()
    (devices / "pcmC1D0c").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may open everything
    (finding,) = sound_cards(devices, cards(tmp_path / "asound", "Device"))
    assert finding.level == "FAIL"
    assert "this user may not open pcmC1D0c" in finding.text
    assert finding.fix.startswith("sudo usermod -aG audio ")


def microphone(**changed: object) -> Microphone:
    shape = {"backend": "pulse", "name": "usb", "description": "USB", "stable_id": "pulse:usb"}
    return Microphone(**{**shape, "sample_rate_hz": 48000, "channels": 1, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "expected", "fix"),
    [
        ({}, "ok", ""),
        ({"is_muted": True}, "FAIL", "pactl set-source-mute usb 0"),
        ({"volume": 0.0}, "FAIL", "pactl set-source-volume usb 100%"),
        ({"volume": 0.2}, "warn", "pactl set-source-volume usb 100%"),
        ({"is_monitor": True}, "warn", "--set audio.source=auto"),
    ],
)
def test_what_the_sound_server_does_to_the_microphone(changed: dict[str, object], expected: str, fix: str) -> None:
    findings, chosen = microphones(AudioConfig(source="pulse:usb"), Inventory((microphone(**changed),)))
    assert chosen is not None
    assert (findings[-1].level, findings[-1].fix) == (expected, fix)
    assert "48000 Hz, 1 channel(s)" in findings[-1].text


def test_a_channel_that_the_microphone_has_not() -> None:
    (finding,), chosen = microphones(AudioConfig(channel=3), Inventory((microphone(),)))
    assert chosen is None
    assert finding.level == "FAIL"
    assert "audio.channel is 3, but there is only channel 0" in finding.text
