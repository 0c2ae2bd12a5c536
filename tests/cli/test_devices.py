import json
from pathlib import Path

import pytest

from edge_asr.cli.main import main
from edge_asr.demo.pulse_server import PulseServer

pytestmark = pytest.mark.pulse


@pytest.fixture(autouse=True)
def plain_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_the_table_names_what_to_write_and_marks_the_chosen_one(
    pulse_server: PulseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices"]) == 0
    out = capsys.readouterr().out
    rows = [line for line in out.splitlines() if "pulse:usb_mic" in line]
    assert len(rows) == 1
    assert rows[0].split() == ["*", "pulse:usb_mic", "Virtual_USB_Mic", "16000", "Hz", "1", "pulse", "default"]
    assert "feed.monitor" not in out


def test_all_shows_monitors_and_plugins(pulse_server: PulseServer, capsys: pytest.CaptureFixture[str]) -> None:
    pulse_server.pactl("set-source-mute", "usb_mic", "1")
    assert main(["devices", "--all"]) == 0
    out = capsys.readouterr().out
    assert "monitor of a loudspeaker" in out
    assert "plugin" in out
    assert "muted in the sound server" in out


def test_a_monitor_that_is_named_in_full_is_shown_and_chosen(
    pulse_server: PulseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "--set", "audio.source=pulse:feed.monitor"]) == 0
    assert any(line.startswith("*  pulse:feed.monitor") for line in capsys.readouterr().out.splitlines())


def test_a_source_that_fits_nothing_is_said(pulse_server: PulseServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "--set", "audio.source=jabra"]) == 0
    out = capsys.readouterr().out
    assert 'audio.source = "jabra" chooses none of these' in out
    assert not any(line.startswith("*") for line in out.splitlines())


def test_json_has_everything(pulse_server: PulseServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["chosen"] == "pulse:usb_mic"
    assert report["problem"] == ""
    assert report["sound_server"]["address"] == f"unix:{pulse_server.socket}"
    chosen = [mic for mic in report["microphones"] if mic["chosen"]]
    assert [(mic["source"], mic["sample_rate_hz"], mic["channels"]) for mic in chosen] == [("pulse:usb_mic", 16000, 1)]
    assert any(mic["monitor"] for mic in report["microphones"])


def test_none_says_what_was_looked_at_and_what_to_do(
    pulse_server: PulseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    pulse_server.unload_microphone()
    assert main(["devices"]) == 1
    assert "has no source but monitors" in capsys.readouterr().out
    pulse_server.kill()
    assert main(["devices"]) == 1
    out = capsys.readouterr().out
    assert str(pulse_server.socket) in out
    assert "start PulseAudio or PipeWire" in out
    assert "ALSA" in out
    assert "edge-asr demo" in out
    assert main(["devices", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["chosen"] is None


def test_a_silent_server_does_not_hang_the_command(
    pulse_server: PulseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    pulse_server.suspend()
    assert main(["devices"]) == 1
    assert "does not answer" in capsys.readouterr().out
