"""Events to an MQTT broker, in version 5, or 3.1.1 where that is wanted or 5 not spoken.

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

import paho.mqtt.client as paho

from edge_asr.clock import SystemClock
from edge_asr.commands import Reply
from edge_asr.config import MqttConfig
from edge_asr.controls import Controls, ControlValues
from edge_asr.events import CommandResponse, Event, PartialEvent, Report
from edge_asr.metrics import Metrics
from edge_asr.settings import spool_path
from edge_asr.sinks import broker_faults, dialect, wire
from edge_asr.sinks.connection_news import ConnectionNews
from edge_asr.sinks.hermes import Hermes
from edge_asr.sinks.homeassistant import Announcement
from edge_asr.sinks.inbox import Inbox
from edge_asr.sinks.message import Message, Receipt
from edge_asr.sinks.outbox import Outbox
from edge_asr.sinks.spool import Kept, Spool
from edge_asr.sinks.stop_times import left_s, stop_times

log = logging.getLogger(__name__)

_WINDOW = 20  # messages that the broker has not acknowledged
_OPEN_S = 5.0  # how long the first message waits for a slow disk to say what an earlier process left
_SHORT_CONNECTION_NS = 2_000_000_000


class MqttSink:
    """Sink to the broker of `config`. Reconnects for ever, with back-off; never falls back to plain text.

    password: None reads `config.password_file`. on_connection(connected, reason) is called from paho's thread when one
    of the two changes; it must be quick and must not raise. controls: where commands go, None takes none.
    announcement: None tells Home Assistant nothing. hermes: None speaks no Hermes. The constructor raises
    ConfigError and connects to nothing.
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
        hermes: Hermes | None = None,
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
        self._hermes = hermes
        self._inbox = Inbox(  # paho's thread alone
            self._topic, controls, announcement, self._outbox.repeat_states, hermes, self._outbox.put
        )
        if announcement is not None:  # first of the states: entities before what they show
            self._outbox.put_state(wire.state(announcement.topic, announcement.payload))
        self._answered: ControlValues | None = None
        self._online: Receipt | None = None  # paho's thread writes it, the sender waits for it
        where = f"the broker at {config.host}:{broker_faults.broker_port(config)}"
        self._news = ConnectionNews(log, where, on_connection)  # paho's thread alone, as are the next three
        self._connected_ns = 0
        self._short_in_a_row = 0
        self._refused = False
        self._unwanted: set[int] = set()  # numbers of what the broker refused: 65,535 at most, and they come again
        self._untaken = False  # whether the log knows that the broker refuses what we publish
        self._window = _WINDOW  # or less, where the broker says so; paho's thread writes it, the sender reads it
        self._replaced = threading.Event()  # there is another client; what the one before still held is sent again
        self._replacing = threading.Lock()
        self._sender = threading.Thread(target=self._send, name="mqtt-sender", daemon=True)
        self._client = self._build(config.protocol, password)
        self._spare = self._build("3.1.1", password) if config.protocol == "5" else None  # what is amiss is said now

    def _build(self, version: dialect.Version, password: str | None) -> paho.Client:
        # what paho may keep is never reached: the window and our `online` are all it gets
        client = dialect.build_client(self._config, version, self._client_id, password, 2 * _WINDOW)
        client.will_set(f"{self._topic}/availability", "offline", qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
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
        dialect.begin(self._client, self._config)
        self._sender.start()

    def emit(self, event: Event) -> None:
        """Queue one event. Any thread; never blocks. A partial is dropped while the broker is away or slow."""
        if self._hermes is not None:
            for message in self._hermes.seen(event):
                self._outbox.put(message)
        if self._config.partials or not isinstance(event, PartialEvent):
            self._outbox.put(wire.of_event(self._topic, event))

    def report(self, state: Report) -> None:
        """Publish the state, retained; only the newest of its kind counts. Any thread; never blocks."""
        self._outbox.put_state(wire.of_report(self._topic, state))

    def answer(self, values: ControlValues) -> None:
        """Publish the controls that are in force, retained: those that have changed, or all. Never blocks."""
        before, self._answered = self._answered, values
        for message in wire.of_answer(self._topic, values, before):
            self._outbox.put_state(message)

    def respond(self, response: CommandResponse, reply: Reply) -> None:
        """Publish what became of a command, not retained, where its sender wants it. Any thread; never blocks."""
        self._outbox.put(wire.of_response(response, reply))

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
            while self._outbox.connected and left_s(end_ns) > 0 and goodbye and not goodbye.settled(left_s(end_ns)):
                pass

    def _disconnect(self, end_ns: int) -> None:
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

    # -- the sender thread

    def _send(self) -> None:
        outbox = self._outbox
        if self._spool is not None:
            self._spool.wait_opened(_OPEN_S)
        while outbox.wait_for_work():
            if self._online is None or not self._online.settled(dialect.POLL_S):
                continue  # paho sends the old ones again before it hears this answer: so ours come after them
            if self._replaced.is_set():
                self._replaced.clear()
                outbox.send_again()
            while outbox.settle(0):
                pass
            if outbox.in_flight >= self._window and not outbox.settle(dialect.POLL_S):
                continue
            message = outbox.take()
            if message is not None:
                self._publish(message)
        while outbox.in_flight and outbox.drain_left_s() > 0:
            outbox.settle(outbox.drain_left_s())

    def _publish(self, message: Message) -> None:
        receipt = dialect.publish(self._client, message, self._unwanted)
        if receipt is None:
            self._outbox.refused()
        else:
            self._outbox.sent(receipt)

    def _publish_availability(self, text: str) -> Receipt | None:
        return dialect.publish(self._client, wire.availability(self._topic, text), self._unwanted)

    # -- paho's thread

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            if dialect.speaks_five(client) and dialect.knows_no_five(str(code)):
                self._fall_back(client)
                return
            self._refused = True
            self._failed(broker_faults.refused(str(code), self._config, self._client_id))
            return
        if self._online is None or self._online.settled(0):
            self._online = self._publish_availability("online")
        self._connected_ns = time.monotonic_ns()
        self._window = max(1, min(_WINDOW, dialect.most_unacknowledged(properties) - 1))  # one is kept for a goodbye
        self._untaken = False
        if not self._outbox.up():
            self._publish_availability("offline")
            client.disconnect()
            return
        if self._inbox.topics:
            dialect.subscribe(client, self._inbox.topics, self._inbox.command_topics)
        self._metrics.broker_connected.set(1)
        self._news.tell(True, "")

    def _fall_back(self, old: paho.Client) -> None:
        """Go on in MQTT 3.1.1, with a client of its own: paho's speak one version for life."""
        old.on_connect = old.on_connect_fail = old.on_disconnect = None
        with self._replacing:
            if self._outbox.has_left or self._spare is None:
                return
            log.warning(
                "the broker at %s:%d does not speak MQTT 5: going on with 3.1.1, which does not show whether a command "
                'that comes while we are connected was sent to be retained; mqtt.protocol = "3.1.1" says so at once',
                self._config.host,
                broker_faults.broker_port(self._config),
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
