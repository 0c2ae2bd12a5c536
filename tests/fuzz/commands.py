"""Messages of every kind into the real path of commands, from paho's message to the controls, and what must hold."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_asr.commands import CONTROLS
from edge_asr.config import MqttConfig
from edge_asr.controls import Choice, Controls, ControlValues
from edge_asr.metrics import Metrics
from edge_asr.sinks.homeassistant import announcement
from edge_asr.sinks.mqtt import MqttSink

OURS = [f"edge_asr/k1/{control}/set".encode() for control in CONTROLS]
STATUS = b"homeassistant/status"
VALUES = [
    b"ON",
    b"OFF",
    b"on",
    b"0",
    b"100",
    b"50",
    b"7",
    b"70.0",
    b"0.5",
    b"-1",
    b"1e1",
    b"en",
    b"PRESS",
    b"online",
    b"turn on\nturn off :2.5",
    b"open",
    b"both",
    b"commands",
    b"intents: {A: [good night]}",
]
CLEVER = [
    *(
        text.encode()
        for text in ("٣", "１００", "ＯＮ", "O\u200bN", "\ufeffON", "ﬀ", "İ", "5\u00a0", "\x00ON", "ON\x00")
    ),
    *(b"\xff\xfe", b"\xed\xa0\x80", b"ON\r\nOFF", b"{}", b'{"mute":"ON"}', b"null", b"nan", b"inf", b"0x10", b"1_0"),
    *(b"9" * 400, b" " * 63 + b"5", b"%s%n", b"{{ 1 }}", b"../../etc/passwd", b"50" + b"\t" * 62),
]
ANSWERS = [
    *(
        "edge_asr/k1/response/x",
        "my/answers",
        "edge_asr/k1/mute/set",
        "edge_asr/k1/final",
        "edge_asr/k2/final",
        "$SYS/x",
    ),
    *("homeassistant/device/k1/config", "homeassistant/status", "a/#", "+", "edge_asr/k1/response/#", "x" * 300),
]
_LONG_BYTES = 4000
_FAULT_CHARACTERS = 600  # an error event is not made long by a long payload


class Sent(NamedTuple):
    """One message as a broker might send it."""

    topic: bytes
    payload: bytes
    retained: bool
    response: str = ""  # where the sender wants an answer, in MQTT 5


class House:
    """The sink as the daemon builds it, not started, with its controls. `outcomes` counts what became of messages."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.outcomes: Counter[str] = Counter()
        values = ControlValues(mute=False, sensitivity=50, model="en", mode="both")
        choices = [Choice("en", "en", phrases=False, sentences=True), Choice("tiny", "de", phrases=True)]
        self._controls = Controls(values, values, self.metrics, choices)
        self._values = values
        told = announcement("k1", "Kitchen", "edge_asr/k1", "1", 20.0)
        self._sink = MqttSink(MqttConfig(), "k1", self.metrics, controls=self._controls, announcement=told)

    def receive(self, sent: Sent) -> None:
        """One message, looked at from all sides: raises AssertionError where something does not hold."""
        self.deliver(sent)
        values, executed, faults = self._controls.take()
        commanded = bool(executed)
        self._controls.take_press()
        self._controls.take_read_again()
        for due in self._controls.take_due():
            assert due.reply.topic == sent.response
            assert commanded != bool(due.fault)
            assert not set(due.reply.topic) & set("+#\0")
            topic = due.reply.topic
            assert not topic.endswith(("/set", "/config", "/status")), f"{sent} has us answer there"
            assert not topic.startswith("edge_asr/") or topic.startswith("edge_asr/k1/response"), f"{sent} likewise"
        live = sent.topic in OURS and not sent.retained
        if not live:
            assert values == self._values, f"{sent} changed {self._values} to {values}"
            assert not commanded, f"{sent} is no command"
        else:
            assert commanded != bool(faults), f"{sent} is either taken or refused"
        if faults and sent.topic in OURS:
            assert len(faults) == 1
            assert len(faults[0]) < _FAULT_CHARACTERS
            assert faults[0].isprintable()
        self._values = values
        self.outcomes[self._name(sent, commanded=commanded)] += 1

    def deliver(self, sent: Sent) -> None:
        """As paho does; nobody takes anything, as when the supervisor is busy."""
        message = paho.MQTTMessage(topic=sent.topic)
        message.payload, message.retain, message.qos = sent.payload, sent.retained, 1
        if sent.response:
            message.properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            message.properties.ResponseTopic = sent.response
            message.properties.CorrelationData = sent.payload[:100]
        connection = self._sink._connection
        connection._on_message(connection._client, None, message)

    def take(self) -> int:
        """The supervisor comes by; how many faults and answers waited for it."""
        values, _, faults = self._controls.take()
        self._values = values
        return len(faults) + len(self._controls.take_due())

    @staticmethod
    def _name(sent: Sent, *, commanded: bool) -> str:
        if sent.topic not in OURS:
            return "no topic of a command"
        if sent.retained:
            return "retained"
        return "executed" if commanded else "refused"


def messages(seed: int, count: int) -> Iterator[Sent]:
    """So many messages; the same seed gives the same."""
    dice = random.Random(seed)  # noqa: S311 - no secrets
    for _ in range(count):
        yield Sent(_topic(dice), _payload(dice), dice.random() < 0.5, _response(dice))


def _topic(dice: random.Random) -> bytes:
    point = dice.random()
    if point < 0.6:
        return dice.choice(OURS)
    if point < 0.65:
        return STATUS
    if point < 0.9:
        return _mutated(dice, dice.choice(OURS))
    return dice.randbytes(dice.randrange(60))


def _response(dice: random.Random) -> str:
    point = dice.random()
    if point < 0.7:
        return ""
    if point < 0.9:
        return dice.choice(ANSWERS)
    return _mutated(dice, dice.choice(ANSWERS).encode()).decode(errors="replace")


def _payload(dice: random.Random) -> bytes:
    point = dice.random()
    if point < 0.45:
        return dice.choice(VALUES)
    if point < 0.55:
        return dice.choice(CLEVER)
    if point < 0.75:
        return str(dice.randrange(-50, 300)).encode()
    if point < 0.9:
        return _mutated(dice, dice.choice(VALUES))
    return dice.randbytes(dice.randrange(_LONG_BYTES if point > 0.99 else 80))


def _mutated(dice: random.Random, text: bytes) -> bytes:
    return dice.choice(_MUTATIONS)(dice, bytearray(text))


def _flip(dice: random.Random, text: bytearray) -> bytes:
    text[dice.randrange(len(text))] ^= 1 << dice.randrange(8)
    return bytes(text)


def _insert(dice: random.Random, text: bytearray) -> bytes:
    text.insert(dice.randrange(len(text) + 1), dice.choice(b"/#+$ \x00\xff0"))
    return bytes(text)


def _cut(dice: random.Random, text: bytearray) -> bytes:
    return bytes(text[: dice.randrange(len(text))])


def _repeat(dice: random.Random, text: bytearray) -> bytes:
    return bytes(text) * dice.randrange(2, 40)


_MUTATIONS: tuple[Callable[[random.Random, bytearray], bytes], ...] = (_flip, _insert, _cut, _repeat)
