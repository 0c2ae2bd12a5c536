"""The way to a real mosquitto, and every place where it may end."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge_asr.clock import SystemClock
from edge_asr.config import MqttConfig, TlsConfig
from edge_asr.demo.broker import Broker
from edge_asr.doctor.broker import broker as examine
from edge_asr.doctor.finding import Finding
from tests.sinks.certificates import Certificates, make_certificates

pytestmark = pytest.mark.broker


def found(config: MqttConfig) -> Finding:
    findings = examine(config, "kitchen", SystemClock())
    assert len(findings) == 1
    return findings[0]


@contextmanager
def broker_with_rules(folder: Path, *rules: str) -> Iterator[MqttConfig]:
    """A broker with an access list, and the configuration of a user of it."""
    rules_file, secret = folder / "acl", folder / "password"
    rules_file.write_text("\n".join(("user edge", *rules, "")))
    rules_file.chmod(0o600)
    secret.write_text("right")
    secret.chmod(0o600)
    with Broker(users={"edge": "right"}, lines=[f"acl_file {rules_file}"]) as broker:
        yield MqttConfig(host=broker.host, port=broker.port, username="edge", password_file=str(secret))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def test_what_is_published_comes_back_and_leaves_nothing(broker: Broker) -> None:
    finding = found(MqttConfig(host=broker.host, port=broker.port))
    assert (finding.level, finding.fix) == ("ok", "")
    assert finding.text.endswith("lets anybody in; what is published to edge_asr/kitchen/doctor comes back")
    assert "r0, m" in broker.log  # not retained
    assert "r1, m" not in broker.log


def test_a_user_who_may_do_all_to_own_topics(tmp_path: Path) -> None:
    with broker_with_rules(tmp_path, "topic readwrite edge_asr/kitchen/#") as config:
        finding = found(config)
    assert finding.level == "ok"
    assert "lets 'edge' in" in finding.text


def test_a_user_who_may_only_write_is_good_enough(tmp_path: Path) -> None:
    with broker_with_rules(tmp_path, "topic write edge_asr/kitchen/#") as config:
        finding = found(config)
    assert finding.level == "ok"
    assert "is taken (this user may not read it back)" in finding.text


def test_a_user_who_may_not_write_loses_every_word_and_is_told(tmp_path: Path) -> None:
    with broker_with_rules(tmp_path, "topic read #", "topic write elsewhere/#") as config:
        finding = found(config)
    assert finding.level == "FAIL"
    assert "drops what is published to edge_asr/kitchen/doctor (Not authorized)" in finding.text
    assert finding.text.endswith("topic readwrite edge_asr/kitchen/#")


def test_tls_is_told_with_its_version(certificates: Certificates) -> None:
    tls = TlsConfig(enabled=True, ca_file=str(certificates.ca))
    with Broker(lines=certificates.server_lines()) as broker:
        finding = found(MqttConfig(host="localhost", port=broker.port, tls=tls))
    assert finding.level == "ok"
    assert "by TLSv1." in finding.text


class Later(SystemClock):
    """Twenty days from now; the certificates are good for thirty."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=20)


def test_a_certificate_that_is_about_to_end(certificates: Certificates) -> None:
    tls = TlsConfig(enabled=True, ca_file=str(certificates.ca))
    with Broker(lines=certificates.server_lines()) as broker:
        good, ending = examine(MqttConfig(host="localhost", port=broker.port, tls=tls), "kitchen", Later())
    assert good.level == "ok"
    assert (ending.level, ending.fix) == ("warn", "renew it on the broker")
    assert "certificate ends on" in ending.text


def test_a_certificate_of_another_authority_of_another_host_and_no_certificate_of_ours(
    certificates: Certificates,
) -> None:
    tls, other = (TlsConfig(enabled=True, ca_file=str(file)) for file in (certificates.ca, certificates.other_ca))
    with Broker(lines=certificates.server_lines()) as broker:
        assert "set mqtt.tls.ca_file" in found(MqttConfig(host="localhost", port=broker.port, tls=other)).text
        plain = found(MqttConfig(host="localhost", port=broker.port))
        assert "mqtt.tls.enabled = true" in plain.text
    with Broker(lines=certificates.stranger_lines()) as broker:
        finding = found(MqttConfig(host="localhost", port=broker.port, tls=tls))
        assert "mqtt.host = 'localhost' is not a name in it" in finding.text
    with Broker(lines=certificates.server_lines("require_certificate true")) as broker:
        finding = found(MqttConfig(host="localhost", port=broker.port, tls=tls))
        assert (finding.level, "mqtt.tls.cert_file" in finding.text) == ("FAIL", True)


def test_a_user_is_wanted() -> None:
    with Broker(users={"edge": "right"}) as broker:
        finding = found(MqttConfig(host=broker.host, port=broker.port))
    assert finding.level == "FAIL"
    assert "wants a user" in finding.text


def test_a_name_that_nobody_knows() -> None:
    finding = found(MqttConfig(host="no-such-host.invalid"))
    assert finding.level == "FAIL"
    assert "mqtt.host = 'no-such-host.invalid'" in finding.text


def test_a_port_that_takes_a_connection_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        finding = found(MqttConfig(host="127.0.0.1", port=listener.getsockname()[1]))
    assert finding.level == "FAIL"
    assert "is silent since we asked to log in" in finding.text


def test_a_port_that_speaks_another_language() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(b"220 mail.test ESMTP\r\n")

        speaker = threading.Thread(target=talk, daemon=True)
        speaker.start()
        finding = found(MqttConfig(host="127.0.0.1", port=listener.getsockname()[1]))
        speaker.join(5.0)
    assert finding.level == "FAIL"
    assert "is it an MQTT port" in finding.text
