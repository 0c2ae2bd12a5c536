"""One short session with the broker, driven by hand: each step is answered, or it fails with the reason."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_asr.config import MqttConfig
from edge_asr.errors import SinkError
from edge_asr.settings import secret
from edge_asr.sinks import broker_faults
from edge_asr.sinks.tls import client_context

STEP_DEADLINE_S = 5.0  # for each answer of the broker
_KEEPALIVE_S = 10  # paho's deadline for the TLS handshake too; above ours, so that silence is called by its name
_POLL_S = 0.05
_HEARD_AT_MOST = 1000


class Heard(NamedTuple):
    """A message that came in."""

    topic: str
    payload: bytes
    retained: bool


class BrokerSession:
    """Context manager around one connection; no thread of paho's, so nothing is left behind.

    Entering connects and logs in; with `says_why` in MQTT 5, which tells why a message is not taken. Every step raises
    SinkError with the fix. One thread.
    """

    def __init__(self, config: MqttConfig, client_id: str, *, says_why: bool = False) -> None:
        protocol = MQTTProtocolVersion.MQTTv5 if says_why else MQTTProtocolVersion.MQTTv311
        self.heard: list[Heard] = []
        self._config = config
        self._client_id = client_id
        self._answer: Any = None  # reason code of the answer that is waited for
        self._ended = ""
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol)
        if config.username is not None:
            password = None if config.password_file is None else secret(config.password_file, "mqtt.password_file")
            self._client.username_pw_set(config.username, password)
        if config.tls.enabled:
            self._client.tls_set_context(client_context(config.tls))
        self._client.connect_timeout = STEP_DEADLINE_S
        self._client.on_connect = lambda _client, _data, _flags, code, _properties: self._take(code)
        self._client.on_disconnect = lambda _client, _data, _flags, code, _properties: self._end(code)
        self._client.on_subscribe = lambda _client, _data, _mid, codes, _properties: self._take(codes[0])
        self._client.on_publish = lambda _client, _data, _mid, code, _properties: self._take(code)
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._config.host, broker_faults.broker_port(self._config), _KEEPALIVE_S)
        except (OSError, UnicodeError) as error:
            raise SinkError(broker_faults.unreachable(error, self._config)) from None
        try:
            self._log_in()
        except SinkError:
            self._client.disconnect()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()

    def subscribe(self, topic: str) -> bool:
        """Whether the broker says that we may read it."""
        self._client.subscribe(topic, qos=1)
        return not self._answered("subscribe").is_failure

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> str:
        """Publish with QoS 1. Why the broker does not take it, as far as it says so; empty when it does."""
        self._client.publish(topic, payload, qos=1, retain=retain)
        code = self._answered("publish")
        return str(code) if code.is_failure else ""

    def ask(self, topic: str, payload: bytes, answer_to: str) -> str:
        """The same, with a topic on which an answer is wanted; in MQTT 5 alone."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = answer_to
        self._client.publish(topic, payload, qos=1, properties=properties)
        code = self._answered("publish")
        return str(code) if code.is_failure else ""

    def listen(self, wait_s: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let messages come into `heard`, for `wait_s` or until that holds or the connection ends."""
        deadline = time.monotonic() + wait_s
        while not until() and not self._ended and time.monotonic() < deadline:
            self._client.loop(_POLL_S)

    def _log_in(self) -> None:
        code = self._answered("log in")
        if code.is_failure:
            raise SinkError(broker_faults.refused(str(code), self._config, self._client_id))

    def _answered(self, what: str) -> Any:
        """Reason code of the next answer; raises SinkError when there is none."""
        deadline = time.monotonic() + STEP_DEADLINE_S
        while self._answer is None:
            if self._ended:
                raise SinkError(broker_faults.closed_early(self._ended, self._config))
            if time.monotonic() > deadline:
                raise SinkError(
                    f"{where(self._config)} is silent since we asked to {what}: is it an MQTT broker, and does it "
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
        if len(self.heard) < _HEARD_AT_MOST:
            self.heard.append(Heard(message.topic, bytes(message.payload), message.retain))


def where(config: MqttConfig) -> str:
    """The broker, for a message."""
    return f"{config.host}:{broker_faults.broker_port(config)}"
