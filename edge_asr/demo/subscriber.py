"""What a subscriber receives from the broker: it sees what any other client sees, and nothing else."""

import queue
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self, cast

import msgspec
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_asr import events
from edge_asr.config import MqttConfig
from edge_asr.errors import SinkError
from edge_asr.events import Event, StateReport
from edge_asr.secret_file import secret
from edge_asr.sinks import broker_faults
from edge_asr.sinks.tls import client_context

Availability = Literal["online", "offline"]
_TOPICS = (("availability", 1), ("state", 1), ("partial", 0), ("final", 1), ("event", 1))
_READY_DEADLINE_S = 10.0
_QUEUE_MESSAGES = 1000
_state_decoder: msgspec.json.Decoder[StateReport] = msgspec.json.Decoder(StateReport)


@dataclass(frozen=True, slots=True)
class Received:
    """One message of a device."""

    device_id: str
    retained: bool  # it lay on the broker before we came
    body: Event | StateReport | Availability


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the connection itself, one line for a person."""

    text: str


class Subscriber:
    """Context manager around one connection; entering waits until the broker has confirmed the subscriptions.

    device_id: None for every device under the prefix. Entering raises SinkError or ConfigError. Later losses of the
    broker are `Notice`s, and the connection mends itself. `next` belongs to one thread.
    """

    def __init__(self, mqtt: MqttConfig, device_id: str | None = None, queue_messages: int = _QUEUE_MESSAGES) -> None:
        self.lost = 0  # messages that the reader was too slow for
        self.unreadable = 0  # messages under our topics that are none of ours
        self._config = mqtt
        self._where = f"{mqtt.host}:{broker_faults.broker_port(mqtt)}"
        self._prefix = f"{mqtt.topic_prefix}/"
        self._filters = [(f"{self._prefix}{device_id or '+'}/{leaf}", qos) for leaf, qos in _TOPICS]
        self._messages: queue.Queue[Received | Notice] = queue.Queue(queue_messages)
        self._settled = threading.Event()  # the first attempt has an answer
        self._refusal = ""
        self._client = self._new_client(mqtt)

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._config.host, broker_faults.broker_port(self._config), self._config.keepalive_s)
        except (OSError, UnicodeError) as error:
            raise SinkError(broker_faults.unreachable(error, self._config)) from None
        self._client.loop_start()
        if not self._settled.wait(_READY_DEADLINE_S):
            self._refusal = f"{self._where} does not answer as an MQTT broker: check mqtt.host and mqtt.port"
        if self._refusal:
            self._close()
            raise SinkError(self._refusal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def next(self, wait_s: float) -> Received | Notice | None:
        """The oldest message that has not been read, after waiting for one at most `wait_s`; None: there is none."""
        try:
            return self._messages.get(timeout=wait_s)
        except queue.Empty:
            return None

    def _new_client(self, mqtt: MqttConfig) -> Client:
        client = Client(CallbackAPIVersion.VERSION2)
        if mqtt.username is not None:
            password = None if mqtt.password_file is None else secret(mqtt.password_file, "mqtt.password_file")
            client.username_pw_set(mqtt.username, password)
        if mqtt.tls.enabled:
            client.tls_set_context(client_context(mqtt.tls))
        client.reconnect_delay_set(1, mqtt.reconnect_max_s)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _close(self) -> None:
        self._client.on_disconnect = None
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            self._refuse(broker_faults.refused(str(code), self._config, ""))
            return
        if self._settled.is_set():
            self._put(Notice(f"the broker at {self._where} is back"))
        client.subscribe(self._filters)

    def _on_subscribe(
        self, _client: Client, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            self._refuse(f"{self._where} refuses to show {self._prefix}#: see the broker's access list")
        self._settled.set()

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if not self._settled.is_set():
            self._refuse(broker_faults.closed_early(str(code), self._config))
        elif not self._refusal:
            self._put(Notice(broker_faults.lost(str(code), self._config, short=False, client_id="")))

    def _refuse(self, reason: str) -> None:
        self._refusal = reason
        self._settled.set()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        device_id, _, leaf = message.topic.removeprefix(self._prefix).partition("/")
        try:
            self._put(Received(device_id, message.retain, _body(leaf, bytes(message.payload))))
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.unreadable += 1

    def _put(self, message: Received | Notice) -> None:
        while True:
            try:
                self._messages.put_nowait(message)
            except queue.Full:
                self._forget_oldest()
            else:
                return

    def _forget_oldest(self) -> None:
        try:
            self._messages.get_nowait()
        except queue.Empty:
            return
        self.lost += 1


def _body(leaf: str, payload: bytes) -> Event | StateReport | Availability:
    """Content of one message; raises msgspec.DecodeError when it is not what the topic promises."""
    if leaf == "state":
        return _state_decoder.decode(payload)
    if leaf == "availability":
        if payload not in {b"online", b"offline"}:
            raise msgspec.ValidationError("neither online nor offline")
        return cast("Availability", payload.decode())
    return events.decode(payload)
