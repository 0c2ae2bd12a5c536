"""Events to an MQTT broker, in version 5, or 3.1.1 where that is wanted or 5 not spoken.

Delivery: finals and other events wait in one bounded queue here and go out in order by a sender thread, at most
`_WINDOW` of them unacknowledged. Those are kept by paho and sent again after a reconnect. So nothing is asked of the
broker's memory: the session is clean, and a broker that lost all of its own state still gets every final, at least
once. (paho's own queue would let a final overtake older ones that are waiting to be sent again.)
"""

import logging
import threading
from collections.abc import Callable

from edge_asr.clock import SystemClock
from edge_asr.commands import Reply
from edge_asr.config import MqttConfig
from edge_asr.controls import Controls, ControlValues
from edge_asr.events import CommandResponse, Event, PartialEvent, Report
from edge_asr.house_names import HouseNames
from edge_asr.metrics import Metrics
from edge_asr.settings import spool_path
from edge_asr.sinks import dialect, wire
from edge_asr.sinks.connection import Connection
from edge_asr.sinks.hermes import Hermes
from edge_asr.sinks.homeassistant import Announcement
from edge_asr.sinks.inbox import Inbox
from edge_asr.sinks.message import Message
from edge_asr.sinks.outbox import Outbox
from edge_asr.sinks.spool import Kept, Spool
from edge_asr.sinks.stop_times import left_s, stop_times

log = logging.getLogger(__name__)

_WINDOW = 20  # messages that the broker has not acknowledged
_OPEN_S = 5.0  # how long the first message waits for a slow disk to say what an earlier process left


class MqttSink:
    """Sink to the broker of `config`. Reconnects for ever, with back-off; never falls back to plain text.

    password: None reads `config.password_file`. on_connection(connected, reason) is called from paho's thread when one
    of the two changes; it must be quick and must not raise. controls: where commands go, None takes none.
    announcement: None tells Home Assistant nothing. hermes: None speaks no Hermes. names: None hears no names of
    the house. The constructor raises ConfigError and connects to nothing.
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
        names: HouseNames | None = None,
    ) -> None:
        self._config = config
        self._metrics = metrics
        self._topic = f"{config.topic_prefix}/{device_id}"
        self._spool = self._build_spool()
        spool = config.spool
        self._outbox = Outbox(
            config.queue_messages, _WINDOW, metrics, spool.ttl_s, waits=spool.mode != "off", spool=self._spool
        )
        self._hermes = hermes
        inbox = Inbox(self._topic, controls, announcement, self._outbox.repeat_states, hermes, self._outbox.put, names)
        if announcement is not None:  # first of the states: entities before what they show
            self._outbox.put_state(wire.state(announcement.topic, announcement.payload))
        self._answered: ControlValues | None = None
        us = f"edge_asr-{device_id}"
        self._connection = Connection(
            config, us, self._topic, _WINDOW, self._outbox, inbox, metrics, on_connection, password
        )
        self._sender = threading.Thread(target=self._send, name="mqtt-sender", daemon=True)

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
        self._connection.begin()
        self._sender.start()

    def emit(self, event: Event) -> None:
        """Queue one event. Any thread; never blocks. A partial is dropped while the broker is away or slow."""
        if self._hermes is not None:
            for message in self._hermes.seen(event):
                self._outbox.put(message)
        if self._config.partials or not isinstance(event, PartialEvent):
            self._outbox.put(wire.of_event(self._topic, event))

    def report(self, state: Report) -> None:
        """Publish the state, retained; only the newest of its kind counts. Any thread; never blocks.

        A level does not stay, and is dropped while the broker is away or slow.
        """
        message = wire.of_report(self._topic, state)
        if message.retain:
            self._outbox.put_state(message)
        else:
            self._outbox.put(message)

    def answer(self, values: ControlValues) -> None:
        """Publish the controls that are in force, retained: those that have changed, or all. Never blocks."""
        before, self._answered = self._answered, values
        for message in wire.of_answer(self._topic, values, before):
            self._outbox.put_state(message)

    def respond(self, response: CommandResponse, reply: Reply) -> None:
        """Publish what became of a command, not retained, where its sender wants it. Any thread; never blocks."""
        if reply.way != "mqtt":
            return
        if self._hermes is not None and self._hermes.asked(reply):
            for message in self._hermes.answered(response, reply):
                self._outbox.put(message)
        else:
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
            self._connection.say_goodbye(times.soon(times.goodbye_ns))
            self._connection.disconnect(times.soon(times.end_ns))
            self._sender.join(left_s(times.end_ns))
        self._metrics.broker_connected.set(0)
        if lost := self._outbox.count_the_rest():
            log.warning("mqtt: %(lost)d events were not delivered before the end", {"lost": lost})

    # -- the sender thread

    def _send(self) -> None:
        outbox = self._outbox
        if self._spool is not None:
            self._spool.wait_opened(_OPEN_S)
        while outbox.wait_for_work():
            if not self._connection.ready():
                continue
            if self._connection.take_replaced():
                outbox.send_again()
            while outbox.settle(0):
                pass
            if outbox.in_flight >= self._connection.window and not outbox.settle(dialect.POLL_S):
                continue
            message = outbox.take()
            if message is not None:
                self._publish(message)
        while outbox.in_flight and outbox.drain_left_s() > 0:
            outbox.settle(outbox.drain_left_s())

    def _publish(self, message: Message) -> None:
        if not self._connection.takes(message):
            self._outbox.refused("too_large")
            return
        receipt = self._connection.publish(message)
        if receipt is None:
            self._outbox.refused()
        else:
            self._outbox.sent(receipt)
