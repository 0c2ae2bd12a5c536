"""What is wrong now and may be right later: the daemon stays up, says so once, and tries again."""

import json
from pathlib import Path

import pytest

from edge_asr.demo.broker import Broker
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.errors import EXIT_OK
from tests.cli.command import daemon, edge_asr
from tests.sinks.certificates import make_certificates
from tests.sinks.subscriber import Subscriber
from tests.waiting import wait_until

_UP_S = 60.0  # a busy machine loads the model for a while


@pytest.mark.bundle
@pytest.mark.pulse
@pytest.mark.broker
def test_a_microphone_that_does_not_exist_is_a_state(pulse_server: PulseServer, broker: Broker, tmp_path: Path) -> None:
    words = ["--set", "audio.source=nonsense", "--set", f"mqtt.port={broker.port}", "--set", "mqtt.host=127.0.0.1"]
    words += ["--set", "device.id=ears"]
    with Subscriber(broker.port) as subscriber, daemon(tmp_path, *words) as running:

        def degraded() -> bool:
            return any(json.loads(payload)["state"] == "degraded" for payload in subscriber.payloads("/ears/state"))

        wait_until(lambda: degraded() or not running.is_up, _UP_S, "the state `degraded`")
        assert running.is_up, running.log
        state = json.loads(subscriber.payloads("/ears/state")[-1])
        assert state["reason"] == "source 'nonsense' is not there; waiting for it. Present: pulse:usb_mic"
        assert subscriber.payloads("/availability")[-1] == b"online"
        assert running.stop() == EXIT_OK
        assert running.log.count("not listening: source 'nonsense' is not there") == 1
        assert "Traceback" not in running.log
    done = edge_asr(tmp_path, "devices", *words)
    assert "audio.source = \"nonsense\" chooses none of these: source 'nonsense' is not there" in done.stdout
    assert "pulse:usb_mic" in done.stdout


def the_one_complaint(home: Path, broker: Broker, *settings: str) -> str:
    """What a daemon says of a broker that refuses it three times; fails the test when it ends, or says more."""
    words = [f"mqtt.port={broker.port}", "mqtt.reconnect_max_s=1", *settings]
    with daemon(home, *(part for word in words for part in ("--set", word))) as running:

        def complaints() -> list[str]:
            return [line for line in running.log.splitlines() if "mqtt" in line and "level=warning" in line]

        def refused_thrice() -> bool:  # the first of these connections may be that of who started the broker
            return broker.log.count("New connection from") >= 3 and bool(complaints())

        wait_until(lambda: refused_thrice() or not running.is_up, _UP_S, "three attempts")
        assert running.is_up, running.log
        assert running.stop() == EXIT_OK
        assert "Traceback" not in running.log
        assert len(complaints()) == 1, running.log
        return complaints()[0]


@pytest.mark.bundle
@pytest.mark.broker
def test_a_broker_that_refuses_the_password_is_told_once_and_tried_again(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("pa55\n")
    secret.chmod(0o600)
    user = ("mqtt.host=127.0.0.1", "mqtt.username=kitchen", f"mqtt.password_file={secret}")
    with Broker(users={"kitchen": "right"}) as broker:
        complaint = the_one_complaint(tmp_path, broker, *user)
        assert f"127.0.0.1:{broker.port} refuses mqtt.username = 'kitchen'" in complaint
    assert "mqtt.password_file" in complaint
    assert "pa55" not in (tmp_path / "daemon.log").read_text()


@pytest.mark.bundle
@pytest.mark.broker
def test_a_broker_whose_certificate_is_not_trusted_is_told_once_and_tried_again(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    trust = ("mqtt.host=localhost", "mqtt.tls.enabled=true", f"mqtt.tls.ca_file={certificates.other_ca}")
    with Broker(lines=certificates.server_lines()) as broker:
        complaint = the_one_complaint(tmp_path, broker, *trust)
    assert "is refused (" in complaint
    assert "set mqtt.tls.ca_file" in complaint
