"""A subscriber that remembers what it was sent."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.waiting import wait_until

DEADLINE_S = 15.0


class Received(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    retained: bool


class Subscriber:
    """Subscribes to everything with QoS 1; `messages` is in order of arrival. Survives a restart of the broker."""

    def __init__(self, port: int, username: str | None = None, password: str | None = None) -> None:
        self.messages: list[Received] = []
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        if username is not None:
            self._client.username_pw_set(username, password)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._port = port

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self.messages.append(Received(message.topic, bytes(message.payload), message.qos, message.retain))

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._subscribed.wait(DEADLINE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def payloads(self, ending: str) -> list[bytes]:
        return [message.payload for message in self.messages if message.topic.endswith(ending)]

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1)

    def wait_for(self, what: Callable[[], bool]) -> None:
        wait_until(what, DEADLINE_S, "what the subscriber was to receive")


def wait_for(what: Callable[[], bool]) -> None:
    wait_until(what, DEADLINE_S, "what the sink was to do")
