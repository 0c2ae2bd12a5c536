"""The connection to the broker, in MQTT 5, or in 3.1.1 where that is wanted or 5 not spoken: made again for ever.

What it says of itself goes to the log; who may come in, what is let out, and in which version is decided here.
"""

import contextlib
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho

from edge_asr.config import MqttConfig
from edge_asr.metrics import Metrics
from edge_asr.sinks import broker_faults, dialect, wire
from edge_asr.sinks.connection_news import ConnectionNews
from edge_asr.sinks.inbox import Inbox
from edge_asr.sinks.message import Message, Receipt
from edge_asr.sinks.outbox import Outbox
from edge_asr.sinks.stop_times import left_s

log = logging.getLogger(__name__)

_SHORT_CONNECTION_NS = 2_000_000_000


class Connection:
    """One device's way to the broker of `config`. Never falls back to plain text.

    topic: what ours begin with. window: how many messages may be unacknowledged. outbox: hears when it is up and down.
    inbox: what comes in goes there. password and on_connection: as the sink has them. The constructor raises
    ConfigError and connects to nothing.
    """

    def __init__(
        self,
        config: MqttConfig,
        client_id: str,
        topic: str,
        window: int,
        outbox: Outbox,
        inbox: Inbox,
        metrics: Metrics,
        on_connection: Callable[[bool, str], None] | None,
        password: str | None,
    ) -> None:
        self._config = config
        self._client_id = client_id  # stable: after a crash the broker ends the old connection at once
        self._topic = topic
        self._outbox = outbox
        self._inbox = inbox  # paho's thread alone
        self._metrics = metrics
        self._online: Receipt | None = None  # paho's thread writes it, the sender waits for it
        self._where = f"the broker at {config.host}:{broker_faults.broker_port(config)}"
        self._news = ConnectionNews(log, self._where, on_connection)  # paho's thread alone, as are the next five
        self._connected_ns = 0
        self._short_in_a_row = 0
        self._refused = False
        self._unwanted: set[int] = set()  # numbers of what the broker refused: 65,535 at most, and they come again
        self._misread_in_a_row = 0
        self._untaken = False  # whether the log knows that the broker refuses what we publish
        self._largest_bytes = dialect.largest_bytes(None)
        self._too_large_said = False  # the sender's
        self._most = window
        self.window = window  # or less, where the broker says so; paho's thread writes it, the sender reads it
        self._replaced = threading.Event()  # there is another client; what the one before still held is sent again
        self._replacing = threading.Lock()
        self._client = self._build(config.protocol, password)
        self._spare = self._build("3.1.1", password) if config.protocol == "5" else None  # what is amiss is said now

    def _build(self, version: dialect.Version, password: str | None) -> paho.Client:
        # what paho may keep is never reached: the window and our `online` are all it gets
        client = dialect.build_client(self._config, version, self._client_id, password, 2 * self._most)
        client.will_set(f"{self._topic}/availability", "offline", qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def begin(self) -> None:
        """Begin to connect; returns at once."""
        dialect.begin(self._client, self._config)

    # -- the sender's thread

    def ready(self) -> bool:
        """Whether the broker knows that we are online, after at most `POLL_S`; what we publish is to come after that.

        paho sends what it still holds again before it hears that answer: so ours come after them.
        """
        return self._online is not None and self._online.settled(dialect.POLL_S)

    def take_replaced(self) -> bool:
        """Whether another client has taken over since the last time: what the one before still held is lost with it."""
        if not self._replaced.is_set():
            return False
        self._replaced.clear()
        return True

    def takes(self, message: Message) -> bool:
        """Whether the broker takes a message of that size: else it ends the connection, and again when that is resent.

        Only in MQTT 5 does it say what it takes.
        """
        fits = dialect.size_bytes(message) <= self._largest_bytes
        if not fits and not self._too_large_said:
            self._too_large_said = True
            log.warning(
                "%s takes messages of at most %d bytes: what we say on %s is longer and is dropped; raise the broker's "
                "limit, in mosquitto's configuration max_packet_size",
                self._where,
                self._largest_bytes,
                message.topic,
            )
        return fits

    def publish(self, message: Message) -> Receipt | None:
        """Hand a message over; None when it cannot be sent."""
        return dialect.publish(self._client, message, self._unwanted)

    # -- the end

    def say_goodbye(self, end_ns: int) -> None:
        """Say `offline`, if there is anybody to say it to, and wait for the answer until then."""
        if self._outbox.leave():
            goodbye = self._publish_availability("offline")
            while self._outbox.connected and left_s(end_ns) > 0 and goodbye and not goodbye.settled(left_s(end_ns)):
                pass

    def disconnect(self, end_ns: int) -> None:
        """End the connection and paho's thread by then."""
        with self._replacing:
            client = self._client
        client.disconnect()
        closer = threading.Thread(target=client.loop_stop, name="mqtt-closer", daemon=True)
        closer.start()  # loop_stop() has no deadline of its own
        closer.join(left_s(end_ns) / 2)
        if closer.is_alive() and isinstance(stuck := client.socket(), socket.socket):
            with contextlib.suppress(OSError):
                # The broker does not read. close() would not wake paho's thread, and SSLSocket.shutdown() would take
                # the encryption away under its hands.
                socket.socket.shutdown(stuck, socket.SHUT_RDWR)
        closer.join(left_s(end_ns))

    def _publish_availability(self, text: str) -> Receipt | None:
        return self.publish(wire.availability(self._topic, text))

    # -- paho's thread

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            if dialect.speaks_five(client) and dialect.knows_no_five(str(code)):
                self._fall_back(client, "does not speak MQTT 5")
                return
            self._refused = True
            self._failed(broker_faults.refused(str(code), self._config, self._client_id))
            return
        if self._online is None or self._online.settled(0):
            self._online = self._publish_availability("online")
        self._connected_ns = time.monotonic_ns()
        self.window = max(1, min(self._most, dialect.most_unacknowledged(properties) - 1))  # one is kept for a goodbye
        self._largest_bytes = dialect.largest_bytes(properties)
        self._untaken = False
        if not self._outbox.up():
            self._publish_availability("offline")
            client.disconnect()
            return
        if self._inbox.topics:
            dialect.subscribe(client, self._inbox.topics, self._inbox.command_topics)
        self._metrics.broker_connected.set(1)
        self._news.tell(True, "")

    def _fall_back(self, old: paho.Client, why: str) -> None:
        """Go on in MQTT 3.1.1, with a client of its own: paho's speak one version for life."""
        old.on_connect = old.on_connect_fail = old.on_disconnect = None
        with self._replacing:
            if self._outbox.has_left or self._spare is None:
                return
            log.warning(
                "%s %s: going on with 3.1.1, which does not show whether a command "
                'that comes while we are connected was sent to be retained; mqtt.protocol = "3.1.1" says so at once',
                self._where,
                why,
            )
            self._online = None
            self._client = self._spare
            self._replaced.set()
            dialect.begin(self._client, self._config)
        old.disconnect()  # its thread, this one, ends

    def _on_publish(self, _client: paho.Client, _data: Any, mid: int, code: Any, _properties: Any) -> None:
        if not code.is_failure:
            self._unwanted.discard(mid)  # the number has come again: what was refused is long settled
            return
        self._unwanted.add(mid)
        if not self._untaken:
            self._untaken = True
            self._metrics.sink_errors.labels(sink="mqtt").inc()
            self._news.limited(broker_faults.untaken(str(code), self._config, self._topic))

    def _on_subscribe(self, _client: paho.Client, _data: Any, _mid: int, codes: Any, _properties: Any) -> None:
        if reason := self._inbox.refused([code.is_failure for code in codes]):
            self._metrics.sink_errors.labels(sink="mqtt").inc()
            self._news.limited(reason)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        with contextlib.suppress(UnicodeDecodeError):  # a topic that is no text is none of ours
            reply = dialect.reply_of(message)
            self._inbox.take(message.topic, bytes(message.payload), retained=message.retain, reply=reply)

    def _on_connect_fail(self, _client: paho.Client, _data: Any) -> None:
        # paho calls this from its `except OSError` and keeps the error to itself
        self._failed(broker_faults.unreachable(sys.exc_info()[1], self._config))

    def _on_disconnect(self, client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
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
            self._failed(broker_faults.closed_early(str(code), self._config, five=dialect.speaks_five(client)))
        misread = dialect.speaks_five(client) and dialect.not_understood(str(code))
        self._misread_in_a_row = self._misread_in_a_row + 1 if misread else 0
        if self._misread_in_a_row > 1:  # it would be so for ever: what we sent is sent again, and answered again
            self._fall_back(client, "and we do not understand each other in MQTT 5")

    def _failed(self, reason: str) -> None:
        if self._outbox.has_left:
            return  # nobody listens any more
        self._metrics.sink_errors.labels(sink="mqtt").inc()
        self._news.tell(False, reason)
