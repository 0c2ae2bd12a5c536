import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile

from edge_asr.demo.broker import Broker
from edge_asr.demo.pulse_server import PulseServer
from tests.demo.stage import Stage
from tests.fakes import RATE_HZ, tone

pytestmark = [pytest.mark.broker, pytest.mark.pulse]
LISTENING = "listening to Virtual_USB_Mic, model loud"
Open = Callable[..., Stage]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Open]:
    stages: list[Stage] = []

    def start(*words: str, terminal: bool = False, **variables: str) -> Stage:
        stage = Stage(tmp_path, "tests.demo.loud_demo", "--set", "device.id=k1", *words, terminal=terminal, **variables)
        stages.append(stage)
        return stage

    yield start
    for stage in stages:
        stage.clear()


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Two recordings: of one word, and of two."""
    for name, seconds in (("one.wav", 0.7), ("two.flac", 1.2)):
        soundfile.write(str(tmp_path / name), tone(seconds), RATE_HZ)
    return [str(tmp_path / "one.wav"), str(tmp_path / "two.flac")]


def finals(stage: Stage) -> list[str]:
    return [line.split(" s  ")[1] for line in stage.output().splitlines() if " s  w" in line]


def test_once_plays_everything_shows_the_finals_and_leaves_nothing(demo: Open, words: list[str]) -> None:
    stage = demo("--once", "--file", *words)
    assert stage.end() == 0
    assert finals(stage) == ["w0", "w0 w1"]
    assert "\x1b" not in stage.output()
    stage.assert_clean()


def test_where_there_is_nothing_both_are_stood_in_for(demo: Open) -> None:
    stage = demo()
    stage.wait_for(LISTENING)
    text = stage.output()
    assert "Microphone: none found here; a virtual one stands in." in text
    assert "Broker: none is configured; a private one stands in at 127.0.0.1:" in text
    assert "mosquitto_sub -h 127.0.0.1 -p " in text
    assert "-t 'edge_asr/#' -v" in text
    assert any("mosquitto" in line for line in stage.processes())
    assert any("pulseaudio" in line for line in stage.processes())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_good_order(demo: Open, number: signal.Signals) -> None:
    stage = demo()
    stage.wait_for(LISTENING)
    stage.process.send_signal(number)
    assert stage.end() == 0
    assert stage.processes() == []
    stage.assert_clean()
    assert "Traceback" not in stage.output()


def test_a_killed_demo_leaves_no_process_and_no_folder(demo: Open) -> None:
    stage = demo()
    stage.wait_for(LISTENING)
    assert any("loud_daemon" in line for line in stage.processes())
    stage.process.kill()
    stage.process.wait()
    stage.assert_clean()


def test_on_a_terminal_partials_come_in_place_and_ctrl_c_ends(demo: Open, words: list[str]) -> None:
    stage = demo("--file", words[1], terminal=True, NO_COLOR="1")
    stage.wait_for("w0 w1\r\n")
    assert "\r\x1b[K             ...  w0" in stage.output()
    assert "\x1b[2m" not in stage.output()
    stage.type(b"\x03")
    assert stage.end() == 0
    stage.assert_clean()


def test_the_end_of_the_daemon_is_one_line_and_the_same_exit_code(demo: Open) -> None:
    stage = demo(LOUD_DAEMON="fail")
    assert stage.end() == 78
    last = stage.output().splitlines()[-1]
    assert last == ("The daemon has ended with exit code 78: there is no model 'xx' here; run: edge-asr models pull xx")
    stage.assert_clean()


def test_a_real_microphone_and_a_configured_broker_are_used(demo: Open, words: list[str]) -> None:
    with PulseServer() as room, Broker() as broker:
        where = ["--set", f"mqtt.host={broker.host}", "--set", f"mqtt.port={broker.port}"]
        stage = demo(*where, **room.environment())
        stage.wait_for(LISTENING)
        assert "Microphone: Virtual_USB_Mic. Say something!" in stage.output()
        assert f"Broker: {broker.host}:{broker.port}, as configured." in stage.output()
        assert not any("mosquitto" in line or "pulseaudio" in line for line in stage.processes())
        room.play(words[0])
        stage.wait_for(" s  w0\n")
        stage.process.terminate()
        assert stage.end() == 0
    stage.assert_clean()


def test_seconds_end_it(demo: Open) -> None:
    stage = demo("--seconds", "0.5")
    assert stage.end() == 0
    assert LISTENING in stage.output()
    stage.assert_clean()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--set", "mqtt.enabled=false"], 78, "edge-asr: mqtt.enabled = false: the try-out needs MQTT"),
        (["--file", "nowhere.wav"], 1, "edge-asr: 'nowhere.wav' is not a file; give WAV or FLAC files to --file"),
        (["--set", "mqtt.host=localhost", "--set", "mqtt.port=1"], 1, "edge-asr: nothing listens at localhost:1"),
    ],
)
def test_what_cannot_begin_says_so_in_one_line(demo: Open, options: list[str], code: int, said: str) -> None:
    stage = demo(*options)
    assert stage.end() == code
    assert stage.output().splitlines()[-1].startswith(said)
    stage.assert_clean()
