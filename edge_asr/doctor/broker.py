"""The way to the broker, step by step: name, TCP, TLS, login, and whether our own topics may be published."""

import socket
import ssl
import time

from edge_asr.audio.deadline import DeadlineCaller, DeadlineError
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.config import MqttConfig
from edge_asr.doctor.finding import Finding, fail, failed, ok, warn
from edge_asr.errors import ConfigError, SinkError
from edge_asr.sinks import broker_faults
from edge_asr.sinks.mqtt_probe import publish_and_hear
from edge_asr.sinks.tls import client_context

CHECK = "broker"
LEAF = "doctor"  # <prefix>/<device>/doctor: ours by every sensible access list, and nobody listens to it
_NAME_DEADLINE_S = 5.0
_CONNECT_DEADLINE_S = 5.0
_EXPIRY_S = 14 * 86400
_LOCAL = ("localhost", "127.0.0.1", "::1")


def broker(config: MqttConfig, device_id: str, clock: Clock, *, contained: bool = False) -> list[Finding]:
    """What stops a message on its way, or how far it came. contained: in a container, which is a machine of its own."""
    where = f"{config.host}:{broker_faults.broker_port(config)}"
    try:
        _look_up(config)
        began_ns = time.monotonic_ns()
        address = (config.host, broker_faults.broker_port(config))
        with socket.create_connection(address, timeout=_CONNECT_DEADLINE_S) as connection:
            connect_ms = (time.monotonic_ns() - began_ns) / (NS_PER_S // 1000)
            tls, expiry = _tls(config, connection, clock)
        topic = f"{config.topic_prefix}/{device_id}/{LEAF}"
        outcome = publish_and_hear(config, topic, f"edge_asr-{device_id}-{LEAF}")
    except ConfigError as error:
        return [failed(CHECK, error)]
    except SinkError as error:
        return [fail(CHECK, str(error))]
    except OSError as error:
        nobody = isinstance(error, ConnectionRefusedError) and config.host in _LOCAL
        fix = "sudo apt install mosquitto && sudo systemctl start mosquitto" if nobody else ""
        if nobody and contained:
            fix = f"{config.host} is the container itself: set mqtt.host to the broker's name, or add --network host"
        return [fail(CHECK, broker_faults.unreachable(error, config), fix)]
    user = repr(config.username) if config.username else "anybody"
    came = "comes back" if outcome == "heard" else "is taken (this user may not read it back)"
    said = f"{where} answers in {connect_ms:.0f} ms{tls}, lets {user} in; what is published to {topic} {came}"
    return [ok(CHECK, said), *expiry]


def _look_up(config: MqttConfig) -> None:
    """Raise when the broker's name has no address: OSError, SinkError. The system's resolver has no deadline itself."""
    caller = DeadlineCaller(max_hung=0)
    what = f"looking up {config.host!r}"
    try:
        caller.call(what, _NAME_DEADLINE_S, lambda: socket.getaddrinfo(config.host, broker_faults.broker_port(config)))
    except DeadlineError as error:
        raise SinkError(f"{error}: check the network's name server, or give the broker's address") from None
    except UnicodeError:
        raise SinkError(f"mqtt.host = {config.host!r} is not a host name, nor an address") from None


def _tls(config: MqttConfig, connection: socket.socket, clock: Clock) -> tuple[str, list[Finding]]:
    """What to say of TLS, and a warning when the certificate is about to expire; raises OSError, ConfigError."""
    if not config.tls.enabled:
        return "", []
    with client_context(config.tls).wrap_socket(connection, server_hostname=config.host) as secured:
        certificate = secured.getpeercert() or {}
        said = f" by {secured.version()}"
    until = str(certificate.get("notAfter", ""))
    if until and ssl.cert_time_to_seconds(until) - clock.now().timestamp() < _EXPIRY_S:
        return said, [warn(CHECK, f"the broker's certificate ends on {until}", "renew it on the broker")]
    return said, []
