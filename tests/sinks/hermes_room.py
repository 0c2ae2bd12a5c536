"""The Hermes side of a device as another program sees it: what is said to it, and what it answers."""

import json
from typing import Any

from edge_asr.controls import Controls, ControlValues, Due
from edge_asr.events import CommandResponse, Event
from edge_asr.metrics import Metrics
from edge_asr.sinks.hermes import Hermes
from edge_asr.sinks.message import Message
from tests import sample_events

CONFIGURED = ControlValues(mute=False, sensitivity=50)
START, STOP = "hermes/asr/startListening", "hermes/asr/stopListening"
ON, OFF = "hermes/asr/toggleOn", "hermes/asr/toggleOff"


class Room:
    def __init__(self) -> None:
        self.controls = Controls(CONFIGURED, CONFIGURED, Metrics())
        self.hermes = Hermes("k1", self.controls)
        self.out: list[tuple[str, dict[str, Any]]] = []

    def _keep(self, messages: list[Message]) -> None:
        for message in messages:
            assert (message.qos, message.retain, message.keep) == (1, False, False)
            self.out.append((message.topic, json.loads(message.payload)))

    def say(self, topic: str, retained: bool = False, **fields: Any) -> None:
        payload = json.dumps({"siteId": "k1", **fields}).encode()
        self._keep(self.hermes.take(topic, payload, retained=retained))

    def see(self, *events: Event) -> None:
        for event in events:
            self._keep(self.hermes.seen(event))

    def answer(self, fault: str, due: Due | None = None) -> None:
        due = due or self.controls.take_due()[-1]
        assert self.hermes.asked(due.reply)
        said = CommandResponse(device_id="k1", control=due.control, accepted=not fault, value="", message=fault)
        self._keep(self.hermes.answered(said, due.reply))

    def captured(self) -> list[tuple[str, str | None]]:
        return [(body["text"], body["sessionId"]) for topic, body in self.out if topic == "hermes/asr/textCaptured"]

    def errors(self) -> list[str]:
        return [body["error"] for topic, body in self.out if topic == "hermes/error/asr"]


def utterance(text: str, segment: str) -> list[Event]:
    return [
        sample_events.speech_started(segment),
        sample_events.partial(segment_id=segment),
        sample_events.final(text, segment),
        sample_events.speech_ended(segment_id=segment),
    ]
