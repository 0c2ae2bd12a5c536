"""MQTT 5 and 3.1.1: one client for each, and what 5 says more of a message or a subscription."""

from collections.abc import Collection, Sequence
from typing import Any, Literal

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_asr.commands import SENTENCES_BYTES, Reply
from edge_asr.config import MqttConfig
from edge_asr.errors import ConfigError
from edge_asr.settings import secret
from edge_asr.sinks.broker_faults import broker_port
from edge_asr.sinks.message import Message
from edge_asr.sinks.tls import client_context

Version = Literal["5", "3.1.1"]
_CONNECT_DEADLINE_S = 5.0  # for TCP and for TLS, each
POLL_S = 0.2  # how long the sender waits for one acknowledgement before it looks around
_UNKNOWN_VERSION = "unsupported protocol version"  # paho's words for both answers: that of 5, and that of before
_NOT_UNDERSTOOD = "protocol error"  # what paho makes of an answer that it cannot read
_MOST_UNACKNOWLEDGED = 65_535  # where a broker names no limit
_LARGEST_BYTES = 268_435_455  # the same; the standard allows no more
_LARGEST_IN_BYTES = 4 * SENTENCES_BYTES  # nothing longer is of use here; paho would take all of the standard's
_AROUND_BYTES = 100  # a packet's head and properties


def build_client(
    config: MqttConfig, version: Version, client_id: str, password: str | None, most_in_flight: int
) -> paho.Client:
    """Client of that version, without callbacks and not connected. password: None reads the file. Raises ConfigError.

    Its session is clean: nothing is asked of the broker's memory.
    """
    try:
        config.host.encode("idna")
    except UnicodeError:
        raise ConfigError(f"mqtt.host = {config.host!r} is not a host name, nor an address") from None
    if version == "5":
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
    else:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id, clean_session=True, protocol=MQTTProtocolVersion.MQTTv311
        )
    if password is None and config.password_file is not None:
        password = secret(config.password_file, "mqtt.password_file")
    if config.username is not None:
        client.username_pw_set(config.username, password)
    if config.tls.enabled:
        client.tls_set_context(client_context(config.tls))
    client.connect_timeout = _CONNECT_DEADLINE_S
    client.reconnect_delay_set(1, max(1, config.reconnect_max_s))
    client.max_queued_messages_set(most_in_flight)
    client.max_inflight_messages_set(most_in_flight)
    return client


def begin(client: paho.Client, config: MqttConfig) -> None:
    """Begin to connect, in a thread of paho's own; returns at once."""
    five: dict[str, Any] = {}
    if speaks_five(client):
        limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        limits.MaximumPacketSize = _LARGEST_IN_BYTES
        five = {"clean_start": True, "properties": limits}
    client.connect_async(config.host, broker_port(config), config.keepalive_s, **five)
    client.loop_start()


def speaks_five(client: paho.Client) -> bool:
    """Whether it speaks MQTT 5."""
    return client.protocol == MQTTProtocolVersion.MQTTv5


def knows_no_five(answer: str) -> bool:
    """Whether the broker's answer to a client of MQTT 5 says that it does not speak that."""
    return answer.lower() == _UNKNOWN_VERSION


def not_understood(answer: str) -> bool:
    """Whether a connection of MQTT 5 has ended because one side could not read the other."""
    return answer.lower() == _NOT_UNDERSTOOD


def largest_bytes(properties: Any) -> int:
    """Size of the largest packet that the broker takes; `properties` are of its welcome."""
    return int(getattr(properties, "MaximumPacketSize", _LARGEST_BYTES))


def size_bytes(message: Message) -> int:
    """Size of its packet, at most."""
    return _AROUND_BYTES + len(message.topic.encode()) + len(message.payload) + len(message.correlation or b"")


def most_unacknowledged(properties: Any) -> int:
    """How many messages the broker takes before it has acknowledged the first; `properties` are of its welcome."""
    return int(getattr(properties, "ReceiveMaximum", _MOST_UNACKNOWLEDGED))


def subscribe(client: paho.Client, topics: Sequence[str], flagged: Collection[str]) -> None:
    """Subscribe to all of `topics`, to all that lies retained there too.

    In MQTT 5 a message of a topic in `flagged` that is sent while we listen keeps its sender's retain flag.
    """
    if speaks_five(client):
        client.subscribe([(topic, SubscribeOptions(qos=1, retainAsPublished=topic in flagged)) for topic in topics])
    else:
        client.subscribe([(topic, 1) for topic in topics])


class PahoReceipt:
    """paho's word on one message. `unwanted`: numbers of the messages of this connection that the broker refused."""

    def __init__(self, info: paho.MQTTMessageInfo, unwanted: Collection[int]) -> None:
        self._info = info
        self._unwanted = unwanted

    @property
    def lost(self) -> bool:
        """Whether it was a partial that was lost with its connection."""
        return self._info.rc != paho.MQTT_ERR_SUCCESS

    @property
    def refused(self) -> bool:
        """Whether the broker did not want it. Known once it is settled: paho tells the one before the other."""
        return self._info.mid in self._unwanted

    def settled(self, wait_s: float) -> bool:
        """Whether the broker has it (QoS 1), or the socket has it or never will (QoS 0). Waits for `POLL_S` at most.

        paho's own wait ends up to a tenth of its time too late: of a short one that is little.
        """
        try:
            if wait_s > 0:
                self._info.wait_for_publish(min(wait_s, POLL_S))
            return self._info.is_published()
        except (RuntimeError, ValueError):
            return True


def reply_of(message: paho.MQTTMessage) -> Reply | None:
    """Where its sender wants to hear what becomes of it; None where nobody does."""
    topic = getattr(message.properties, "ResponseTopic", None)
    if not topic:
        return None
    return Reply(str(topic), getattr(message.properties, "CorrelationData", None))


def publish(client: paho.Client, message: Message, unwanted: Collection[int]) -> PahoReceipt | None:
    """Hand a message to the client; None when it cannot be sent. unwanted: see `PahoReceipt`."""
    info = client.publish(message.topic, message.payload, message.qos, message.retain, _properties(client, message))
    if info.rc == paho.MQTT_ERR_NO_CONN and message.qos:
        info.rc = paho.MQTT_ERR_SUCCESS  # paho has it and will send it; its own check would call it lost for ever
    return PahoReceipt(info, unwanted) if info.rc == paho.MQTT_ERR_SUCCESS else None


def _properties(client: paho.Client, message: Message) -> Properties | None:
    """What MQTT 5 says of a message beside it: what it is, and how long it is worth reading."""
    if not speaks_five(client):
        return None
    made = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    made.PayloadFormatIndicator = 1  # UTF-8
    made.ContentType = message.content_type
    if message.stale_s is not None:
        made.MessageExpiryInterval = message.stale_s
    if message.correlation is not None:
        made.CorrelationData = message.correlation
    return made
