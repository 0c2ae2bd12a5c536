"""Events to an MQTT 3.1.1 broker; the only file that knows paho.

Delivery: finals and other events wait in one bounded queue here and go out in order by a sender thread, at most
`_WINDOW` of them unacknowledged. Those are kept by paho and sent again after a reconnect. So nothing is asked of the
broker's memory: the session is clean, and a broker that lost all of its own state still gets every final, at least
once. (paho's own queue would let a final overtake older ones that are waiting to be sent again.)
"""

import contextlib
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge_asr.clock import SystemClock
from edge_asr.commands import OFF, ON
from edge_asr.config import MqttConfig
from edge_asr.controls import Controls, ControlValues
from edge_asr.errors import ConfigError
from edge_asr.events import Event, FinalEvent, PartialEvent, StateReport, encode
from edge_asr.metrics import Metrics
from edge_asr.settings import secret, spool_path
from edge_asr.sinks import broker_faults
from edge_asr.sinks.connection_news import ConnectionNews
from edge_asr.sinks.homeassistant import Announcement
from edge_asr.sinks.inbox import Inbox
from edge_asr.sinks.outbox import Message, Outbox
from edge_asr.sinks.spool import Kept, Spool
from edge_asr.sinks.stop_times import left_s, stop_times
from edge_asr.sinks.tls import client_context

log = logging.getLogger(__name__)

_WINDOW = 20  # messages that the broker has not acknowledged
_OPEN_S = 5.0  # how long the first message waits for a slow disk to say what an earlier process left
_POLL_S = 0.2  # how long the sender waits for one acknowledgement before it looks around
_CONNECT_DEADLINE_S = 5.0  # for TCP and for TLS, each
_SHORT_CONNECTION_NS = 2_000_000_000


class _Receipt:
    """paho's word on one message."""

    def __init__(self, info: paho.MQTTMessageInfo) -> None:
        self._info = info

    @property
    def lost(self) -> bool:
        """Whether it was a partial that was lost with its connection."""
        return self._info.rc != paho.MQTT_ERR_SUCCESS

    def settled(self, wait_s: float) -> bool:
        """Whether the broker has it (QoS 1), or the socket has it or never will (QoS 0). Waits for `_POLL_S` at most.

        paho's own wait ends up to a tenth of its time too late: of a short one that is little.
        """
        try:
            if wait_s > 0:
                self._info.wait_for_publish(min(wait_s, _POLL_S))
            return self._info.is_published()
        except (RuntimeError, ValueError):
            return True


class MqttSink:
    """Sink to the broker of `config`. Reconnects for ever, with back-off; never falls back to plain text.

    password: None reads `config.password_file`. on_connection(connected, reason) is called from paho's thread when one
    of the two changes; it must be quick and must not raise. controls: where commands go, None takes none.
    announcement: None tells Home Assistant nothing. The constructor raises ConfigError and connects to nothing.
    """

    def __init__(
        self,
        config: MqttConfig,
        device_id: str,
        metrics: Metrics,
        on_connection: Callable[[bool, str], None] | None = None,
        password: str | None = None,
        controls: Controls | None = None,
        announcement: Announcement | None = None,
    ) -> None:
        self._config = config
        self._metrics = metrics
        self._topic = f"{config.topic_prefix}/{device_id}"
        self._client_id = f"edge_asr-{device_id}"  # stable: after a crash the broker ends the old connection at once
        self._spool = self._build_spool()
        spool = config.spool
        self._outbox = Outbox(
            config.queue_messages, _WINDOW, metrics, spool.ttl_s, waits=spool.mode != "off", spool=self._spool
        )
        self._inbox = Inbox(self._topic, controls, announcement, self._outbox.repeat_states)  # paho's thread alone
        if announcement is not None:  # first of the states: entities before what they show
            self._report(announcement.topic, announcement.payload)
        self._online: _Receipt | None = None  # paho's thread writes it, the sender waits for it
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
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _build_spool(self) -> Spool | None:
        spool = self._config.spool
        if spool.mode != "disk":
            return None
        path = spool_path(spool.path)
        return Spool(path, self._config.queue_messages, spool.sync_s, self._metrics, SystemClock())

    def _take_back(self, finals: list[Kept]) -> None:
        topic, expires_ns = f"{self._topic}/final", self._outbox.expires_ns
        self._outbox.put_first(
            Message(topic, final.payload, qos=1, keep=True, ticket=final.ticket, expires_ns=expires_ns(final.age_s))
            for final in finals
        )

    def start(self) -> None:
        """Begin to connect; returns at once."""
        if self._spool is not None:
            self._spool.start(self._take_back)
        self._client.connect_async(self._config.host, broker_faults.broker_port(self._config), self._config.keepalive_s)
        self._client.loop_start()
        self._sender.start()

    def emit(self, event: Event) -> None:
        """Queue one event. Any thread; never blocks. A partial is dropped while the broker is away or slow."""
        partial = isinstance(event, PartialEvent)
        if partial and not self._config.partials:
            return
        kind = "partial" if partial else "final" if isinstance(event, FinalEvent) else "event"
        self._outbox.put(Message(f"{self._topic}/{kind}", encode(event), qos=0 if partial else 1, keep=kind == "final"))

    def report(self, state: StateReport) -> None:
        """Publish the state, retained; only the newest counts. Any thread; never blocks."""
        self._report(f"{self._topic}/state", msgspec.json.encode(state))

    def answer(self, values: ControlValues) -> None:
        """Publish the controls that are in force, retained. Any thread; never blocks."""
        self._report(f"{self._topic}/mute/state", (ON if values.mute else OFF).encode())
        self._report(f"{self._topic}/sensitivity/state", str(values.sensitivity).encode())

    def _report(self, topic: str, payload: bytes) -> None:
        self._outbox.put_state(Message(topic, payload, qos=1, retain=True))

    def stop(self, deadline_s: float) -> None:
        """Deliver what waits, say `offline`, disconnect and end both threads, all of it within `deadline_s`.

        What the broker has not acknowledged then is counted, each event once. Only a look-up of a name, a connection
        on its way and a pause before the next cannot be cut short: paho's thread then ends soon after, by itself.
        """
        times = stop_times(deadline_s)
        if not self._outbox.begin_stop(times.drain_ns):
            return
        if self._sender.ident is not None:  # else it was never started
            self._sender.join(left_s(times.drain_ns))
            self._say_goodbye(times.soon(times.goodbye_ns))
            self._disconnect(times.soon(times.end_ns))
            self._sender.join(left_s(times.end_ns))
        self._metrics.broker_connected.set(0)
        if lost := self._outbox.count_the_rest():
            log.warning("mqtt: %d events were not delivered before the end", lost)

    def _say_goodbye(self, end_ns: int) -> None:
        if self._outbox.leave():
            goodbye = self._publish_availability("offline")
            while self._outbox.connected and left_s(end_ns) > 0 and not goodbye.settled(left_s(end_ns)):
                pass

    def _disconnect(self, end_ns: int) -> None:
        self._client.disconnect()
        closer = threading.Thread(target=self._client.loop_stop, name="mqtt-closer", daemon=True)
        closer.start()  # loop_stop() has no deadline of its own
        closer.join(left_s(end_ns) / 2)
        if closer.is_alive() and isinstance(stuck := self._client.socket(), socket.socket):
            with contextlib.suppress(OSError):
                # The broker does not read. close() would not wake paho's thread, and SSLSocket.shutdown() would take
                # the encryption away under its hands.
                socket.socket.shutdown(stuck, socket.SHUT_RDWR)
        closer.join(left_s(end_ns))

    # -- the sender thread

    def _send(self) -> None:
        outbox = self._outbox
        if self._spool is not None:
            self._spool.wait_opened(_OPEN_S)
        while outbox.wait_for_work():
            if self._online is None or not self._online.settled(_POLL_S):
                continue  # paho sends the old ones again before it hears this answer: so ours come after them
            while outbox.settle(0):
                pass
            if outbox.in_flight >= _WINDOW and not outbox.settle(_POLL_S):
                continue
            message = outbox.take()
            if message is not None:
                self._publish(message)
        while outbox.in_flight and outbox.drain_left_s() > 0:
            outbox.settle(outbox.drain_left_s())

    def _publish(self, message: Message) -> None:
        info = self._client.publish(message.topic, message.payload, message.qos, message.retain)
        if info.rc == paho.MQTT_ERR_NO_CONN and message.qos:
            info.rc = paho.MQTT_ERR_SUCCESS  # paho has it and will send it; its own check would call it lost for ever
        if info.rc == paho.MQTT_ERR_SUCCESS:
            self._outbox.sent(_Receipt(info))
        else:
            self._outbox.refused()

    def _publish_availability(self, text: str) -> _Receipt:
        info = self._client.publish(f"{self._topic}/availability", text, qos=1, retain=True)
        if info.rc == paho.MQTT_ERR_NO_CONN:
            info.rc = paho.MQTT_ERR_SUCCESS  # as above
        return _Receipt(info)

    # -- paho's thread

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self._refused = True
            self._failed(broker_faults.refused(str(code), self._config, self._client_id))
            return
        if self._online is None or self._online.settled(0):
            self._online = self._publish_availability("online")
        self._connected_ns = time.monotonic_ns()
        if not self._outbox.up():
            self._publish_availability("offline")
            client.disconnect()
            return
        if self._inbox.topics:
            client.subscribe([(topic, 1) for topic in self._inbox.topics])
        self._metrics.broker_connected.set(1)
        self._news.tell(True, "")

    def _on_subscribe(self, _client: paho.Client, _data: Any, _mid: int, codes: Any, _properties: Any) -> None:
        self._inbox.refused([code.is_failure for code in codes])

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        with contextlib.suppress(UnicodeDecodeError):  # a topic that is no text is none of ours
            self._inbox.take(message.topic, bytes(message.payload), retained=message.retain)

    def _on_connect_fail(self, _client: paho.Client, _data: Any) -> None:
        # paho calls this from its `except OSError` and keeps the error to itself
        self._failed(broker_faults.unreachable(sys.exc_info()[1], self._config))

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        stood = self._outbox.down()
        self._metrics.broker_connected.set(0)
        refused, self._refused = self._refused, False
        if refused or self._outbox.stopping:
            return  # the better reason has been said, or it is our own doing
        if stood:
            short = time.monotonic_ns() - self._connected_ns < _SHORT_CONNECTION_NS
            self._short_in_a_row = self._short_in_a_row + 1 if short else 0
            self._failed(broker_faults.lost(str(code), self._config, self._short_in_a_row > 1, self._client_id))
        else:
            self._failed(broker_faults.closed_early(str(code), self._config))

    def _failed(self, reason: str) -> None:
        if self._outbox.has_left:
            return  # nobody listens any more
        self._metrics.sink_errors.labels(sink="mqtt").inc()
        self._news.tell(False, reason)
