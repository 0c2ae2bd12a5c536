"""`edge-asr doctor` against real servers: each fault is found, told in one line with its fix, and never waited for."""

import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edge_asr.container import container_engine
from edge_asr.demo.broker import Broker
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample
from edge_asr.doctor.container import no_socket
from edge_asr.errors import EXIT_CONFIG, EXIT_FAILURE, EXIT_OK, EXIT_USAGE
from tests.cli.bundles import own_copy
from tests.cli.command import DEADLINE_S, Done, edge_asr, environment

SIGNS = ("ok", "warn", "FAIL", "skip")


@contextmanager
def speech(server: PulseServer, tmp_path: Path) -> Iterator[None]:
    """The sentences without a pause, until the test has ended."""
    sentences = [soundfile.read(str(path), dtype="int16")[0] for path in sample()]
    file = tmp_path / "speech.wav"
    soundfile.write(file, np.concatenate(sentences * 12), 16000)
    player = server.play(file)
    try:
        yield
    finally:
        player.kill()
        player.wait()


def examined(home: Path, *settings: str, words: tuple[str, ...] = (), **variables: str) -> tuple[int, dict[str, Any]]:
    """Exit code, and the findings by check: of several the worst one, of equals the last."""
    chosen = [part for setting in settings for part in ("--set", setting)]
    done = edge_asr(home, "doctor", "--json", *words, *chosen, given=b"", **variables)
    assert done.stderr == "", done.stderr
    body = json.loads(done.stdout)
    assert body["exit_code"] == done.returncode
    order = ("skip", "ok", "warn", "fail")
    worst: dict[str, Any] = {}
    for finding in body["findings"]:
        assert finding["text"]
        before = worst.get(finding["check"])
        if before is None or order.index(finding["level"]) >= order.index(before["level"]):
            worst[finding["check"]] = finding
    return done.returncode, worst


def at(broker: Broker) -> list[str]:
    return [f"mqtt.host={broker.host}", f"mqtt.port={broker.port}"]


@pytest.mark.bundle
@pytest.mark.pulse
@pytest.mark.broker
def test_all_is_well(pulse_server: PulseServer, broker: Broker, tmp_path: Path) -> None:
    with speech(pulse_server, tmp_path):
        code, found = examined(tmp_path, *at(broker), "device.id=kitchen", words=("--full",))
    assert code == EXIT_OK, found
    assert "pulseaudio" in found["sound server"]["text"]
    assert str(pulse_server.socket) in found["sound server"]["text"]
    assert found["microphone"]["text"] == (
        'audio.source = "auto" means pulse:usb_mic (Virtual_USB_Mic), 16000 Hz, 1 channel(s), volume 100%'
    )
    assert (found["level"]["level"], "dBFS" in found["level"]["text"]) == ("ok", True), found["level"]
    assert re.match(r"1[56]\d{3} samples a second arrive of 16000 Hz", found["sample clock"]["text"])
    assert "published to edge_asr/kitchen/doctor comes back" in found["broker"]["text"]
    assert "every checksum is right" in found["model"]["text"]
    assert "RTF" in found["speed"]["text"]
    assert "edge_asr-kitchen-doctor" in broker.log  # not the daemon's id, which would throw the daemon out
    assert "edge_asr/kitchen/final" not in broker.log


@pytest.mark.broker
def test_a_machine_with_nothing_on_it(tmp_path: Path) -> None:
    with Broker() as gone:
        settings = at(gone)
    settings.append("audio.source=pulse:usb_mic")  # not even the sound card of the machine that runs this test
    nowhere = tmp_path / "pulse" / "native"
    code, found = examined(
        tmp_path, *settings, EDGE_ASR_MODELS=str(tmp_path / "models"), PULSE_SERVER=f"unix:{nowhere}"
    )
    assert code == EXIT_CONFIG
    failures = {check for check, finding in found.items() if finding["level"] == "fail"}
    assert {"sound server", "microphone", "broker", "model"} <= failures
    assert str(nowhere) in found["sound server"]["text"]
    contained = container_engine() is not None  # where the tests run
    fix = no_socket(nowhere) if contained else "unset PULSE_SERVER, or start the server that it names"
    assert found["sound server"]["fix"] == fix
    assert found["level"]["level"] == "skip"
    assert f"nothing listens at 127.0.0.1:{gone.port}" in found["broker"]["text"]
    assert ("is the container itself" if contained else "apt install mosquitto") in found["broker"]["fix"]
    assert found["model"]["text"].endswith("run: edge-asr models pull en")
    assert found["speed"]["level"] == "skip"


@pytest.mark.bundle
@pytest.mark.pulse
@pytest.mark.broker
def test_digital_silence_and_a_wrong_password(pulse_server: PulseServer, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong")
    secret.chmod(0o644)
    with Broker(users={"kitchen": "right"}) as broker:
        code, found = examined(
            tmp_path, *at(broker), "mqtt.username=kitchen", f"mqtt.password_file={secret}", words=("--seconds", "1")
        )
    assert code == EXIT_FAILURE
    assert found["level"]["level"] == "fail"
    assert "digital silence" in found["level"]["text"]
    assert "pactl set-source-mute usb_mic 0" in found["level"]["fix"]
    assert found["broker"]["level"] == "fail"
    assert "refuses mqtt.username = 'kitchen'" in found["broker"]["text"]
    assert "mqtt.password_file" in found["broker"]["text"]
    assert found["configuration"]["fix"] == f"chmod 600 '{secret}'"
    assert found["model"]["level"] == "ok"


@pytest.mark.pulse
def test_a_muted_and_a_missing_microphone(pulse_server: PulseServer, tmp_path: Path) -> None:
    subprocess.run(["pactl", "set-source-mute", "usb_mic", "1"], check=True, timeout=DEADLINE_S)
    settings = ("mqtt.enabled=false", f"models.dir={tmp_path}")
    _, found = examined(tmp_path, *settings, words=("--seconds", "0.5"))
    assert "muted in the sound server" in found["microphone"]["text"]
    assert found["microphone"]["fix"] == "pactl set-source-mute usb_mic 0"
    _, found = examined(tmp_path, *settings, "audio.source=nonsense")
    assert found["microphone"]["level"] == "fail"
    assert 'audio.source = "nonsense"' in found["microphone"]["text"]
    assert found["microphone"]["fix"].startswith("--set audio.source=pulse:usb_mic")
    assert found["level"]["level"] == found["broker"]["level"] == "skip"


@pytest.mark.bundle
def test_a_corrupt_bundle_is_found_with_full(tmp_path: Path) -> None:
    path = own_copy(tmp_path / "models", "network_float")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    settings = ("mqtt.enabled=false", "audio.source=pulse:none", f"models.dir={tmp_path / 'models'}")
    code, found = examined(tmp_path, *settings, PULSE_SERVER=f"unix:{tmp_path}/none")
    assert (code, found["model"]["level"]) == (EXIT_FAILURE, "ok")  # the daemon could run: that file is a spare
    code, found = examined(tmp_path, *settings, words=("--full",), PULSE_SERVER=f"unix:{tmp_path}/none")
    assert (code, found["model"]["level"]) == (EXIT_CONFIG, "fail")
    assert found["model"]["text"].startswith(f"{path} is corrupt: sha256")
    assert found["model"]["text"].endswith("run: edge-asr models pull en --force")


@pytest.mark.pulse
@pytest.mark.broker
def test_servers_that_are_stopped_in_their_tracks_hold_nothing_up(
    pulse_server: PulseServer, broker: Broker, tmp_path: Path
) -> None:
    pulse_server.suspend()
    broker.suspend()
    code, found = examined(tmp_path, *at(broker), f"models.dir={tmp_path}")
    assert code == EXIT_CONFIG  # there is no model in that folder; the rest was reached all the same
    assert "does not answer" in found["sound server"]["text"]
    assert "restart pipewire-pulse" in found["sound server"]["fix"]
    assert found["level"]["level"] == "skip"
    assert "is silent since we asked to log in" in found["broker"]["text"]
    assert found["model"]["level"] == "fail"


@contextmanager
def black_hole() -> Iterator[int]:
    """A port whose queue of connections is full: whoever comes next gets no answer at all, not even a refusal."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for client in waiting:
                client.close()


def test_a_broker_behind_a_black_hole_is_given_up(tmp_path: Path) -> None:
    with black_hole() as port:
        settings = ("mqtt.host=127.0.0.1", f"mqtt.port={port}", f"models.dir={tmp_path}")
        _, found = examined(tmp_path, *settings, PULSE_SERVER=f"unix:{tmp_path}/none")
    assert found["broker"]["level"] == "fail"
    assert f"no answer from 127.0.0.1:{port}: check that the machine is on" in found["broker"]["text"]


def test_a_faulty_configuration_stops_what_depends_on_it(tmp_path: Path) -> None:
    code, found = examined(tmp_path, EDGE_ASR__MQTT__PORT="many")
    assert code == EXIT_CONFIG
    assert "mqtt.port = 'many' (from environment variable EDGE_ASR__MQTT__PORT)" in found["configuration"]["text"]
    assert set(found) == {"configuration", "libraries", "all else"}
    code, found = examined(
        tmp_path,
        "mqtt.tls.enabled=true",
        f"mqtt.tls.ca_file={tmp_path}/none.crt",
        f"models.dir={tmp_path}",
        PULSE_SERVER=f"unix:{tmp_path}/none",
    )
    assert code == EXIT_CONFIG
    assert found["configuration"]["text"].startswith("mqtt.tls.ca_file: cannot read")
    assert found["broker"] == {
        "check": "broker",
        "level": "skip",
        "text": "the configuration is at fault",
        "fix": "",
    }


def test_a_pipe_gets_words_and_one_line_for_each_finding(tmp_path: Path) -> None:
    done: Done = edge_asr(tmp_path, "doctor", EDGE_ASR__MQTT__PORT="many")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["FAIL", "ok", "skip"]
    assert all(line.startswith(SIGNS) for line in lines)
    assert done.stderr == ""


def test_a_terminal_gets_signs_when_it_can_show_them(tmp_path: Path) -> None:
    assert on_a_terminal(tmp_path, "utf-8")[0].startswith("✗ configuration")
    assert on_a_terminal(tmp_path, "ascii")[0].startswith("FAIL configuration")


def on_a_terminal(home: Path, encoding: str) -> list[str]:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "edge_asr", "doctor"],
        env=environment(home, EDGE_ASR__MQTT__PORT="many", PYTHONIOENCODING=encoding),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=DEADLINE_S,
        check=False,
    )
    os.close(theirs)
    said = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.stderr == b""
    return said.splitlines()


def test_a_machine_without_libpulse_is_told_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pulsectl.py").write_text("raise OSError('libpulse.so.0: cannot open shared object file')\n")
    settings = ("mqtt.enabled=false", "audio.source=pulse:usb_mic", f"models.dir={tmp_path}")
    _, found = examined(tmp_path, *settings, PYTHONPATH=str(tmp_path))
    assert found["sound server"]["text"].endswith("is not installed; sudo apt install libpulse0")
    done = edge_asr(tmp_path, "devices", PYTHONPATH=str(tmp_path))
    assert "sudo apt install libpulse0" in done.stdout
    assert done.stderr == ""


def test_a_microphone_of_alsa_needs_no_sound_server(tmp_path: Path) -> None:
    settings = ("mqtt.enabled=false", "audio.source=alsa:Device", f"models.dir={tmp_path}")
    _, found = examined(tmp_path, *settings, PULSE_SERVER=f"unix:{tmp_path}/none")
    assert found["sound server"]["level"] == "skip"
    assert "the microphone comes from ALSA" in found["sound server"]["text"]
    assert found["microphone"]["level"] == "fail"
    assert "source 'alsa:Device' is not there" in found["microphone"]["text"]


@pytest.mark.parametrize("seconds", ["0", "61", "nan", "soon"])
def test_it_listens_for_a_sensible_time(seconds: str, tmp_path: Path) -> None:
    done = edge_asr(tmp_path, "doctor", "--seconds", seconds)
    assert done.returncode == EXIT_USAGE
    assert f"'{seconds}': expected 0.5 to 60 seconds" in done.stderr
