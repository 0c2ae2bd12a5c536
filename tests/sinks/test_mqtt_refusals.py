"""When the broker does not let us in: one clear line, nothing in plain text, and another try."""

import logging
import socket
import threading
from pathlib import Path

import pytest

from edge_asr.config import TlsConfig
from edge_asr.demo.broker import Broker
from edge_asr.errors import ConfigError
from tests import sample_events
from tests.sinks.certificates import Certificates
from tests.sinks.conftest import MakeMouth, Mouth
from tests.sinks.subscriber import wait_for

pytestmark = pytest.mark.broker


def refusal(mouth: Mouth) -> str:
    """What is said of the first attempt; the sink must not have connected."""
    mouth.sink.start()
    wait_for(lambda: bool(mouth.news))
    connected, reason = mouth.news[0]
    assert not connected
    assert "\n" not in reason
    return reason


@pytest.mark.parametrize(("user", "password"), [("edge", "pa55-wr0ng"), ("nobody", "pa55-s3cret")])
def test_a_wrong_user_or_password(
    user: str, password: str, make_mouth: MakeMouth, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(f"{password}\n")
    with Broker(users={"edge": "pa55-s3cret"}) as broker, caplog.at_level(logging.DEBUG):
        mouth = make_mouth(broker.port, username=user, password_file=str(tmp_path / "password"))
        reason = refusal(mouth)
        assert f"refuses mqtt.username = '{user}'" in reason
        assert "mqtt.password_file" in reason
        wait_for(lambda: broker.log.count("not authorised") >= 2)  # it is tried again ...
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warnings.count(reason) == 1  # ... and said once
    assert password not in caplog.text


def test_no_user_where_one_is_wanted(make_mouth: MakeMouth) -> None:
    with Broker(users={"edge": "secret"}) as broker:
        assert "wants a user" in refusal(make_mouth(broker.port))


def test_the_right_password_from_a_file(make_mouth: MakeMouth, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    with Broker(users={"edge": "secret"}) as broker:
        mouth = make_mouth(broker.port, username="edge", password_file=str(tmp_path / "password"))
        mouth.sink.start()
        wait_for(lambda: mouth.connected)


def test_attempts_grow_rarer(make_mouth: MakeMouth) -> None:
    with Broker(users={"edge": "secret"}) as broker:
        mouth = make_mouth(broker.port, reconnect_max_s=30)
        mouth.sink.start()
        wait_for(lambda: broker.log.count("New connection") >= 3)
        times = [int(line.split(":")[0]) for line in broker.log.splitlines() if "New connection" in line]
        assert times[2] - times[1] >= times[1] - times[0] >= 0
        assert times[2] - times[0] >= 2  # a wait of 1 s, then of 2 s; the log counts whole seconds


def test_tls_with_a_client_certificate(certificates: Certificates, make_mouth: MakeMouth) -> None:
    tls = TlsConfig(
        enabled=True,
        ca_file=str(certificates.ca),
        cert_file=str(certificates.client),
        key_file=str(certificates.client_key),
    )
    with Broker(lines=certificates.server_lines("require_certificate true")) as broker:
        mouth = make_mouth(broker.port, host="localhost", tls=tls)
        mouth.sink.start()
        wait_for(lambda: mouth.connected)
        mouth.sink.emit(sample_events.final())
        mouth.sink.stop(10.0)
        assert mouth.dropped("stopped") == 0
        assert "/final'" in broker.log


def test_a_client_certificate_is_wanted(certificates: Certificates, make_mouth: MakeMouth) -> None:
    with Broker(lines=certificates.server_lines("require_certificate true")) as broker:
        tls = TlsConfig(enabled=True, ca_file=str(certificates.ca))
        assert "mqtt.tls.cert_file" in refusal(make_mouth(broker.port, host="localhost", tls=tls))


def test_an_authority_that_did_not_sign_it(certificates: Certificates, make_mouth: MakeMouth) -> None:
    with Broker(lines=certificates.server_lines()) as broker:
        tls = TlsConfig(enabled=True, ca_file=str(certificates.other_ca))
        reason = refusal(make_mouth(broker.port, host="localhost", tls=tls))
        assert "is refused" in reason
        assert f"set mqtt.tls.ca_file (now {str(certificates.other_ca)!r})" in reason


def test_the_system_does_not_know_the_authority(certificates: Certificates, make_mouth: MakeMouth) -> None:
    with Broker(lines=certificates.server_lines()) as broker:
        reason = refusal(make_mouth(broker.port, host="localhost", tls=TlsConfig(enabled=True)))
        assert "set mqtt.tls.ca_file (now the system's authorities)" in reason


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_for_another_host(host: str, certificates: Certificates, make_mouth: MakeMouth) -> None:
    with Broker(lines=certificates.stranger_lines()) as broker:
        tls = TlsConfig(enabled=True, ca_file=str(certificates.ca))
        reason = refusal(make_mouth(broker.port, host=host, tls=tls))
        assert f"mqtt.host = {host!r} is not a name in it" in reason


def test_tls_to_a_plain_port_says_nothing_in_plain_text(certificates: Certificates, make_mouth: MakeMouth) -> None:
    with Broker(users={"edge": "secret"}) as broker:
        tls = TlsConfig(enabled=True, ca_file=str(certificates.ca))
        mouth = make_mouth(broker.port, password="secret", username="edge", tls=tls)
        assert "does not answer with TLS" in refusal(mouth)
        mouth.sink.stop(0.0)
        assert "edge_asr-kitchen" not in broker.log


def test_plain_text_to_a_tls_port(certificates: Certificates, make_mouth: MakeMouth) -> None:
    with Broker(lines=certificates.server_lines()) as broker:
        assert "does it want TLS (mqtt.tls.enabled = true)?" in refusal(make_mouth(broker.port))


def test_a_name_that_nobody_knows(make_mouth: MakeMouth) -> None:
    assert "mqtt.host = 'broker.invalid' cannot be found" in refusal(make_mouth(1883, host="broker.invalid"))


def test_a_server_of_another_kind(make_mouth: MakeMouth) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 8)

        answering = threading.Thread(target=answer)
        answering.start()
        reason = refusal(make_mouth(server.getsockname()[1]))
        answering.join()
    assert "is it an MQTT port" in reason


def test_two_devices_of_one_name_are_told_so(broker: Broker, make_mouth: MakeMouth) -> None:
    mouths = [make_mouth(broker.port), make_mouth(broker.port)]
    for mouth in mouths:
        mouth.sink.start()
        wait_for(lambda mouth=mouth: (True, "") in mouth.news)  # type: ignore[misc]
    wait_for(lambda: any("is another device called 'edge_asr-kitchen'" in mouth.reason for mouth in mouths))


@pytest.mark.parametrize(
    ("field", "said"),
    [("ca_file", "a PEM certificate of the authority"), ("cert_file", "a PEM certificate that belongs to the key")],
)
def test_garbage_in_a_certificate(
    field: str, said: str, tmp_path: Path, certificates: Certificates, make_mouth: MakeMouth
) -> None:
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("this is no certificate")
    files = {"cert_file": str(certificates.client), "key_file": str(certificates.client_key), field: str(garbage)}
    with pytest.raises(ConfigError) as caught:
        make_mouth(8883, tls=TlsConfig(enabled=True, **files))
    assert f"mqtt.tls.{field} = {str(garbage)!r}: expected {said}" in str(caught.value)


@pytest.mark.parametrize("field", ["ca_file", "cert_file", "key_file"])
@pytest.mark.parametrize("missing", [True, False], ids=["missing", "directory"])
def test_a_file_that_cannot_be_read(
    field: str, missing: bool, tmp_path: Path, certificates: Certificates, make_mouth: MakeMouth
) -> None:
    path = str(tmp_path / "missing.pem") if missing else str(tmp_path)
    files = {"cert_file": str(certificates.client), "key_file": str(certificates.client_key), field: path}
    with pytest.raises(ConfigError) as caught:
        make_mouth(8883, tls=TlsConfig(enabled=True, **files))
    assert f"mqtt.tls.{field}: cannot read {path!r}" in str(caught.value)


@pytest.mark.parametrize("name", ["other_ca", "locked_key"])
def test_a_key_that_does_not_fit_or_has_a_passphrase(
    name: str, certificates: Certificates, make_mouth: MakeMouth
) -> None:
    key = certificates.locked_key if name == "locked_key" else certificates.server_key
    files = {"cert_file": str(certificates.client), "key_file": str(key)}
    with pytest.raises(ConfigError, match=r"belongs to the key .* has no passphrase"):
        make_mouth(8883, tls=TlsConfig(enabled=True, **files))
