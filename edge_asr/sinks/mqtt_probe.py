"""One short session with the broker: whether we may log in and publish, and hear it back.

MQTT 3.1.1 has no answer for "you may not publish this": the broker takes the message and drops it. So the message is
waited for; when it does not come back, a second session in MQTT 5 asks for the reason code.
"""

import secrets
import time
from typing import Any, Literal

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_asr.config import MqttConfig
from edge_asr.errors import SinkError
from edge_asr.settings import secret
from edge_asr.sinks import broker_faults
from edge_asr.sinks.tls import client_context

_STEP_DEADLINE_S = 5.0  # for each answer of the broker
_KEEPALIVE_S = 10  # paho's deadline for the TLS handshake too; above ours, so that silence is called by its name
_POLL_S = 0.05


def publish_and_hear(config: MqttConfig, topic: str, client_id: str) -> Literal["heard", "taken"]:
    """Publish to `topic` (QoS 1, not retained) as the daemon would, under another client id than the daemon's.

    "heard": it came back. "taken": the broker lets this user publish, but not read. Raises SinkError with the fix, and
    ConfigError. One thread, which it may hold for some 30 s.
    """
    session = _Session(config, client_id, MQTTProtocolVersion.MQTTv311)
    try:
        session.open()
        if session.hears(topic):
            return "heard"
    finally:
        session.close()
    session = _Session(config, client_id, MQTTProtocolVersion.MQTTv5)
    try:
        session.open()
        refusal = session.refusal_to_publish(topic)
    except SinkError:
        refusal = "it does not say why"
    finally:
        session.close()
    if not refusal:
        return "taken"
    raise SinkError(
        f"{_where(config)} lets {config.username or 'us'} in and drops what is published to {topic} ({refusal}): allow "
        f"it in the broker's access list, in mosquitto's by: topic readwrite {topic.rpartition('/')[0]}/#"
    )


class _Session:
    """One connection, driven by hand: no thread of paho's, so nothing is left behind."""

    def __init__(self, config: MqttConfig, client_id: str, protocol: MQTTProtocolVersion) -> None:
        self._config = config
        self._client_id = client_id
        self._answer: Any = None  # reason code of the answer that is waited for
        self._payload = secrets.token_hex(8).encode()
        self._heard = False
        self._ended = ""
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol)
        if config.username is not None:
            password = None if config.password_file is None else secret(config.password_file, "mqtt.password_file")
            self._client.username_pw_set(config.username, password)
        if config.tls.enabled:
            self._client.tls_set_context(client_context(config.tls))
        self._client.connect_timeout = _STEP_DEADLINE_S
        self._client.on_connect = lambda _client, _data, _flags, code, _properties: self._take(code)
        self._client.on_disconnect = lambda _client, _data, _flags, code, _properties: self._end(code)
        self._client.on_subscribe = lambda _client, _data, _mid, codes, _properties: self._take(codes[0])
        self._client.on_publish = lambda _client, _data, _mid, code, _properties: self._take(code)
        self._client.on_message = self._on_message

    def open(self) -> None:
        """Connect and log in; raises SinkError."""
        try:
            self._client.connect(self._config.host, broker_faults.broker_port(self._config), _KEEPALIVE_S)
        except (OSError, UnicodeError) as error:
            raise SinkError(broker_faults.unreachable(error, self._config)) from None
        code = self._answered("log in")
        if code.is_failure:
            raise SinkError(broker_faults.refused(str(code), self._config, self._client_id))

    def hears(self, topic: str) -> bool:
        """Whether what is published comes back."""
        self._client.subscribe(topic, qos=1)
        may_read = not self._answered("subscribe").is_failure
        self._client.publish(topic, self._payload, qos=1)
        self._answered("publish")
        deadline = time.monotonic() + (_STEP_DEADLINE_S if may_read else 0.0)
        while not self._heard and not self._ended and time.monotonic() < deadline:
            self._client.loop(_POLL_S)
        return self._heard

    def refusal_to_publish(self, topic: str) -> str:
        """Why the broker does not take it; empty when it does. Needs MQTT 5."""
        self._client.publish(topic, self._payload, qos=1)
        code = self._answered("publish")
        return str(code) if code.is_failure else ""

    def close(self) -> None:
        """Say goodbye."""
        self._client.disconnect()

    def _answered(self, what: str) -> Any:
        """Reason code of the next answer; raises SinkError when there is none."""
        deadline = time.monotonic() + _STEP_DEADLINE_S
        while self._answer is None:
            if self._ended:
                raise SinkError(broker_faults.closed_early(self._ended, self._config))
            if time.monotonic() > deadline:
                raise SinkError(
                    f"{_where(self._config)} is silent since we asked to {what}: is it an MQTT broker, and does it "
                    "live? restart it, or check mqtt.host and mqtt.port"
                )
            self._client.loop(_POLL_S)
        answer, self._answer = self._answer, None
        return answer

    def _take(self, code: Any) -> None:
        self._answer = code

    def _end(self, code: Any) -> None:
        self._ended = str(code)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self._heard = self._heard or message.payload == self._payload


def _where(config: MqttConfig) -> str:
    return f"{config.host}:{broker_faults.broker_port(config)}"
