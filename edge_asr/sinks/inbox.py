"""What comes in from the broker: commands for the controls, and Home Assistant's word that it has started."""

import time
from collections.abc import Callable, Collection, Sequence

from edge_asr.commands import CONTROLS, Reply
from edge_asr.controls import Controls
from edge_asr.house_names import HouseNames
from edge_asr.sinks.hermes import Hermes
from edge_asr.sinks.homeassistant import Announcement
from edge_asr.sinks.message import Message

_ONLINE = b"online"
_RESPONSE_CHARACTERS = 200
_AGAIN_NS = 500_000_000  # between two announcements: a flood of `online` must not keep the finals waiting


class Inbox:
    """Knows its topics by heart, so nothing of a topic is ever interpreted. The connection's thread alone.

    topic: what ours begin with. controls: None takes no commands. announcement: None listens to no Home Assistant.
    hermes: None listens to no Rhasspy; `put` publishes what it says. names: None hears no names of the house.
    """

    def __init__(
        self,
        topic: str,
        controls: Controls | None,
        announcement: Announcement | None,
        announce: Callable[[], None],
        hermes: Hermes | None = None,
        put: Callable[[Message], None] = lambda _: None,
        names: HouseNames | None = None,
    ) -> None:
        self._controls = controls
        self._topic = topic
        self._others = f"{topic.rpartition('/')[0]}/"
        self._commands = {f"{topic}/{control}/set": control for control in CONTROLS} if controls is not None else {}
        self._status_topic = None if announcement is None else announcement.status_topic
        self._announce = announce
        self._hermes = hermes
        self._put = put
        self._names = names
        self._announced_ns: int | None = None

    @property
    def command_topics(self) -> Collection[str]:
        """Those of the commands: there it matters whether a message was sent to be retained."""
        return [*self._commands, *self._hermes_topics]

    @property
    def _hermes_topics(self) -> Sequence[str]:
        return () if self._hermes is None else self._hermes.topics

    @property
    def topics(self) -> list[str]:
        """What to subscribe to."""
        states = (self._status_topic, None if self._names is None else self._names.topic)
        return [*self.command_topics, *(topic for topic in states if topic is not None)]

    def take(self, topic: str, payload: bytes, *, retained: bool, reply: Reply | None = None) -> None:
        """Take one message, whatever it is; never raises and never blocks for long."""
        control = self._commands.get(topic)
        if control is not None and self._controls is not None:
            if reply is None or self._may_answer(reply.topic):
                self._controls.command(control, payload, retained=retained, reply=reply)
            else:
                self._controls.refuse(
                    control,
                    f"{control}/set: the response topic {reply.topic[:_RESPONSE_CHARACTERS]!r} is refused; name one "
                    f"below {self._topic}/response, or one of your own that is nobody's command or announcement",
                )
        elif self._hermes is not None and topic in self._hermes_topics:
            for message in self._hermes.take(topic, payload, retained=retained):
                self._put(message)
        elif self._names is not None and topic == self._names.topic:
            self._names.take(payload)  # a state of the house: it lies there for us to find
        elif topic == self._status_topic and payload == _ONLINE and not retained:
            # a retained one says nothing new: each new connection announces anyway
            now_ns = time.monotonic_ns()
            if self._announced_ns is None or now_ns - self._announced_ns >= _AGAIN_NS:
                self._announced_ns = now_ns
                self._announce()

    def _may_answer(self, topic: str) -> bool:
        """Whether what we publish there is a response and nothing else: its sender may have no right to more."""
        if topic.startswith(self._others):
            mine = topic.startswith(f"{self._topic}/response/") or topic == f"{self._topic}/response"
        else:
            mine = (
                not topic.startswith(("$", "hermes/"))
                and topic not in self.topics
                and not topic.endswith(("/set", "/config", "/status"))
            )
        return mine and 0 < len(topic) <= _RESPONSE_CHARACTERS and not set(topic) & set("+#\0")

    def refused(self, failed: Sequence[bool]) -> str:
        """Which subscriptions the broker has refused, in one line with the fix, empty for none.

        `failed` is in the order of `topics`.
        """
        missing = [topic for topic, refused in zip(self.topics, failed, strict=False) if refused]
        if not missing:
            return ""
        return (
            f"the broker does not let us subscribe to {', '.join(missing)}: what is sent there is not heard; allow it "
            f"in the broker's access list, in mosquitto's by: topic read {missing[0]}"
        )
