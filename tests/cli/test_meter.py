"""`edge-asr devices --meter` on a real microphone, and its line on made levels."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge_asr.audio.level_meter import LOWEST_DBFS, Level
from edge_asr.cli.main import main
from edge_asr.cli.meter import bar
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample


@pytest.fixture(autouse=True)
def plain_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_the_bar_is_as_long_as_it_is_loud() -> None:
    line = bar(Level(-30.0, -15.0, 0, 1600))
    assert line == f"[{'#' * 20}{' ' * 9}|{' ' * 10}] RMS  -30.0  peak  -15.0 dBFS"
    assert bar(Level(-3.0, 0.0, 12, 1600)).endswith("CLIPPED: turn it down")
    assert bar(Level(LOWEST_DBFS, LOWEST_DBFS, 0, 1600)).startswith(f"[{' ' * 40}]")
    assert bar(Level(-70.0, -55.0, 0, 1600)).endswith("very quiet")


@pytest.mark.pulse
def test_speech_is_louder_than_silence(pulse_server: PulseServer, capsys: pytest.CaptureFixture[str]) -> None:
    with pulse_server.play(sample()[0]) as player:
        assert main(["devices", "--meter", "5"]) == 0
        player.kill()
    lines = capsys.readouterr().out.splitlines()
    assert "listening to Virtual_USB_Mic; Ctrl-C ends it" in lines
    levels = [float(line.split("RMS")[1].split()[0]) for line in lines if "RMS" in line]
    assert max(levels) > -40.0


@pytest.mark.pulse
def test_no_microphone_is_said_with_the_exit_code(
    pulse_server: PulseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "--meter", "1", "--set", "audio.source=jabra"]) == 1
    assert "lost: " in capsys.readouterr().out


@pytest.mark.pulse
def test_ctrl_c_ends_it(pulse_server: PulseServer) -> None:
    words = [sys.executable, "-m", "edge_asr", "devices", "--meter"]
    with subprocess.Popen(
        words, env=pulse_server.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while "RMS" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan"])
def test_a_length_that_is_none_is_refused(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", f"--meter={value}"]) == 2
    assert f"{value!r}: expected a number of seconds above 0, or none" in capsys.readouterr().err
