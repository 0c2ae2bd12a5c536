"""Events to an MQTT 3.1.1 broker; the only file that knows paho.

Delivery: finals and other events wait in one bounded queue here and go out in order by a sender thread, at most
`_WINDOW` of them unacknowledged. Those are kept by paho and sent again after a reconnect. So nothing is asked of the
broker's memory: the session is clean, and a broker that lost all of its own state still gets every final, at least
once. (paho's own queue would let a final overtake older ones that are waiting to be sent again.)
"""

import contextlib
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge_asr.config import MqttConfig
from edge_asr.errors import ConfigError
from edge_asr.events import Event, FinalEvent, PartialEvent, StateReport, encode
from edge_asr.metrics import Metrics
from edge_asr.settings import secret
from edge_asr.sinks import broker_faults
from edge_asr.sinks.connection_news import ConnectionNews
from edge_asr.sinks.tls import client_context

log = logging.getLogger(__name__)

_WINDOW = 20  # messages that the broker has not acknowledged
_POLL_S = 0.2  # how long the sender waits for one acknowledgement before it looks around
_CONNECT_DEADLINE_S = 5.0  # for TCP and for TLS, each
_SHORT_CONNECTION_NS = 2_000_000_000


class _Message(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    retain: bool = False


class MqttSink:
    """Sink to the broker of `config`. Reconnects for ever, with back-off; never falls back to plain text.

    password: None reads `config.password_file`. on_connection(connected, reason) is called from paho's thread when one
    of the two changes; it must be quick and must not raise. The constructor raises ConfigError and connects to nothing.
    """

    def __init__(
        self,
        config: MqttConfig,
        device_id: str,
        metrics: Metrics,
        on_connection: Callable[[bool, str], None] | None = None,
        password: str | None = None,
    ) -> None:
        self._config = config
        self._metrics = metrics
        self._topic = f"{config.topic_prefix}/{device_id}"
        self._client_id = f"edge_asr-{device_id}"  # stable: after a crash the broker ends the old connection at once
        self._changed = threading.Condition()  # guards what follows; never held while paho is called
        self._waiting: deque[_Message] = deque()
        self._state: bytes | None = None
        self._state_unsent = False
        self._connected = False
        self._ending_ns: int | None = None  # deadline of stop(), once it is called
        self._online: paho.MQTTMessageInfo | None = None  # paho's thread writes it, the sender waits for it
        self._in_flight: deque[paho.MQTTMessageInfo] = deque()  # the sender's alone
        where = f"the broker at {config.host}:{broker_faults.broker_port(config)}"
        self._news = ConnectionNews(log, where, on_connection)  # paho's thread alone, as are the next three
        self._connected_ns = 0
        self._short_in_a_row = 0
        self._refused = False
        self._sender = threading.Thread(target=self._send, name="mqtt-sender", daemon=True)
        self._client = self._build(password)

    def _build(self, password: str | None) -> paho.Client:
        config = self._config
        try:
            config.host.encode("idna")
        except UnicodeError:
            raise ConfigError(f"mqtt.host = {config.host!r} is not a host name, nor an address") from None
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=self._client_id, clean_session=True, protocol=paho.MQTTv311
        )
        if password is None and config.password_file is not None:
            password = secret(config.password_file, "mqtt.password_file")
        if config.username is not None:
            client.username_pw_set(config.username, password)
        if config.tls.enabled:
            client.tls_set_context(client_context(config.tls))
        client.connect_timeout = _CONNECT_DEADLINE_S
        client.reconnect_delay_set(1, max(1, config.reconnect_max_s))
        client.max_queued_messages_set(2 * _WINDOW)  # never reached: the window and our `online` are all it gets
        client.max_inflight_messages_set(2 * _WINDOW)
        client.will_set(f"{self._topic}/availability", "offline", qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        return client

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._client.connect_async(self._config.host, broker_faults.broker_port(self._config), self._config.keepalive_s)
        self._client.loop_start()
        self._sender.start()

    def emit(self, event: Event) -> None:
        """Queue one event. Any thread; never blocks. A partial is dropped while the broker is away or slow."""
        partial = isinstance(event, PartialEvent)
        if partial and not self._config.partials:
            return
        kind = "partial" if partial else "final" if isinstance(event, FinalEvent) else "event"
        message = _Message(f"{self._topic}/{kind}", encode(event), qos=0 if partial else 1)
        with self._changed:
            if self._ending_ns is not None:
                self._drop("stopped")
            elif partial and not self._connected:
                self._drop("offline")
            elif partial and len(self._waiting) >= _WINDOW:
                self._drop("slow_broker")
            else:
                if len(self._waiting) >= self._config.queue_messages:
                    self._waiting.popleft()  # the oldest: what was just said matters most in a house
                    self._drop("queue_full")
                self._waiting.append(message)
                self._changed.notify_all()

    def report(self, state: StateReport) -> None:
        """Publish the state, retained; only the newest counts. Any thread; never blocks."""
        payload = msgspec.json.encode(state)
        with self._changed:
            self._state = payload
            self._state_unsent = True
            self._changed.notify_all()

    def stop(self, deadline_s: float) -> None:
        """Deliver what waits, say `offline`, disconnect and end both threads; what is left then is counted."""
        end_ns = time.monotonic_ns() + int(deadline_s * 1e9)
        with self._changed:
            if self._ending_ns is not None:
                return
            self._ending_ns = end_ns
            self._changed.notify_all()
        if self._sender.ident is None:
            return  # never started
        self._sender.join(_left_s(end_ns) + 2 * _POLL_S)
        self._client.disconnect()
        closer = threading.Thread(target=self._client.loop_stop, name="mqtt-closer", daemon=True)
        closer.start()  # loop_stop() has no deadline of its own, and a lookup of a name may hang
        closer.join(max(_left_s(end_ns), 1.0))
        if closer.is_alive() and (open_socket := self._client.socket()) is not None:
            with contextlib.suppress(OSError):
                open_socket.close()  # a broker that does not read; without this the thread stays in it
            closer.join(1.0)
        self._metrics.broker_connected.set(0)
        with self._changed:
            lost = len(self._waiting)
            self._waiting.clear()
        lost += sum(not self._acknowledged(info, 0) for info in self._in_flight)
        if lost:
            self._drop("stopped", lost)
            log.warning("mqtt: %d events were not delivered before the end", lost)

    # -- the sender thread

    def _send(self) -> None:
        while self._work():
            if not self._acknowledged(self._online, _POLL_S):
                continue  # paho sends the old ones again before it hears this answer: so ours come after them
            while self._in_flight and self._acknowledged(self._in_flight[0], 0):
                self._in_flight.popleft()
            if len(self._in_flight) >= _WINDOW and not self._acknowledged(self._in_flight[0], _POLL_S):
                continue
            message = self._next()
            if message is not None:
                self._publish(message)
        while self._in_flight and self._left() > 0 and self._acknowledged(self._in_flight[0], self._left()):
            self._in_flight.popleft()
        if self._connected:
            goodbye = self._client.publish(f"{self._topic}/availability", "offline", qos=1, retain=True)
            self._acknowledged(goodbye, max(self._left(), _POLL_S))

    def _work(self) -> bool:
        """Wait until there is something to send and somebody to send it to; False when the end has come."""
        with self._changed:
            while True:
                some = bool(self._waiting or (self._state_unsent and self._connected))
                if self._ending_ns is not None and (not some or self._left() <= 0):
                    return False
                if some and self._connected:
                    return True
                self._changed.wait(None if self._ending_ns is None else self._left())

    def _next(self) -> _Message | None:
        with self._changed:
            if self._state_unsent and self._state is not None:
                self._state_unsent = False
                return _Message(f"{self._topic}/state", self._state, qos=1, retain=True)
            return self._waiting.popleft() if self._waiting and self._connected else None

    def _publish(self, message: _Message) -> None:
        info = self._client.publish(message.topic, message.payload, message.qos, message.retain)
        if info.rc == paho.MQTT_ERR_NO_CONN and message.qos:
            info.rc = paho.MQTT_ERR_SUCCESS  # paho has it and will send it; its own check would call it lost for ever
        if info.rc == paho.MQTT_ERR_SUCCESS:
            self._in_flight.append(info)
        else:
            self._drop("offline" if message.qos == 0 else "queue_full")

    def _acknowledged(self, info: paho.MQTTMessageInfo | None, wait_s: float) -> bool:
        """Whether the broker has it (QoS 1), or the socket has it or never will (QoS 0)."""
        if info is None:
            return False
        try:
            if wait_s > 0:
                info.wait_for_publish(wait_s)
            return info.is_published()
        except (RuntimeError, ValueError):
            return True  # a partial that was lost with its connection

    def _left(self) -> float:
        return 0.0 if self._ending_ns is None else _left_s(self._ending_ns)

    def _drop(self, reason: str, count: int = 1) -> None:
        self._metrics.events_dropped.labels(sink="mqtt", reason=reason).inc(count)

    # -- paho's thread

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self._refused = True
            self._failed(broker_faults.refused(str(code), self._config, self._client_id))
            return
        if self._online is None or self._acknowledged(self._online, 0):
            self._online = client.publish(f"{self._topic}/availability", "online", qos=1, retain=True)
            if self._online.rc == paho.MQTT_ERR_NO_CONN:
                self._online.rc = paho.MQTT_ERR_SUCCESS
        self._connected_ns = time.monotonic_ns()
        with self._changed:
            self._connected = True
            self._state_unsent = self._state is not None
            self._changed.notify_all()
        self._metrics.broker_connected.set(1)
        self._news.tell(True, "")

    def _on_connect_fail(self, _client: paho.Client, _data: Any) -> None:
        # paho calls this from its `except OSError` and keeps the error to itself
        self._failed(broker_faults.unreachable(sys.exc_info()[1], self._config))

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        with self._changed:
            stood, self._connected = self._connected, False
            partials = sum(message.qos == 0 for message in self._waiting)
            self._waiting = deque(message for message in self._waiting if message.qos)
        self._metrics.broker_connected.set(0)
        if partials:
            self._drop("offline", partials)
        refused, self._refused = self._refused, False
        if refused or self._ending_ns is not None:
            return  # the better reason has been said, or it is our own doing
        if stood:
            short = time.monotonic_ns() - self._connected_ns < _SHORT_CONNECTION_NS
            self._short_in_a_row = self._short_in_a_row + 1 if short else 0
            self._failed(broker_faults.lost(str(code), self._config, self._short_in_a_row > 1, self._client_id))
        else:
            self._failed(broker_faults.closed_early(str(code), self._config))

    def _failed(self, reason: str) -> None:
        self._metrics.sink_errors.labels(sink="mqtt").inc()
        self._news.tell(False, reason)


def _left_s(end_ns: int) -> float:
    return max(0.0, (end_ns - time.monotonic_ns()) / 1e9)
