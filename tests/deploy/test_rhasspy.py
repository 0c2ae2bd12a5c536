"""Intents as an app of Rhasspy's own library hears them, where there is one.

EDGE_ASR_RHASSPY names a Python that has the package rhasspy-hermes-app, which wants Python 3.8 at most, and an older
paho-mqtt than ours.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from paho.mqtt import publish

from edge_asr.config import MqttConfig
from edge_asr.controls import Controls, ControlValues
from edge_asr.demo.broker import Broker
from edge_asr.events import CommandEvent, Event, SlotValue, UnknownEvent
from edge_asr.metrics import Metrics
from edge_asr.sinks.hermes import Hermes
from edge_asr.sinks.mqtt import MqttSink
from tests import sample_events
from tests.sinks.subscriber import Subscriber, wait_for
from tests.waiting import wait_until

PYTHON = os.environ.get("EDGE_ASR_RHASSPY", "")
# What it makes of a message is written down field by field; it drops a message that it cannot read, in a traceback.
APP = """
import json, sys
from rhasspyhermes_app import EndSession, HermesApp

app = HermesApp("house", host="127.0.0.1", port=int(sys.argv.pop()))

def told(kind, heard, **fields):
    kept = {"kind": kind, "input": heard.input, "site": heard.site_id, "session": heard.session_id, "id": heard.id}
    print(json.dumps({**kept, **fields}), flush=True)

@app.on_intent("HassLightSet", "good night")
async def intent(heard):
    slots = {
        slot.slot_name: [slot.entity, slot.value["value"], slot.raw_value, slot.confidence,
                         heard.input[slot.start:slot.end], heard.raw_input[slot.raw_start:slot.raw_end]]
        for slot in heard.slots
    }
    name, sure = heard.intent.intent_name, heard.intent.confidence_score
    told("intent", heard, name=name, sure=sure, slots=slots, wakeword=heard.wakeword_id, lang=heard.lang,
         asr=heard.asr_confidence, tokens=heard.asr_tokens)
    return EndSession("done")

@app.on_intent_not_recognized
async def other(heard):
    told("other", heard)

app.run()
"""


@contextmanager
def app(folder: Path, broker: Broker) -> Iterator[Path]:
    """One that runs; returns the file of what it has heard."""
    (folder / "app.py").write_text(APP)
    heard = folder / "heard"
    with heard.open("wb") as out:
        process = subprocess.Popen([PYTHON, os.fspath(folder / "app.py"), str(broker.port)], stdout=out)
    try:
        yield heard
    finally:
        process.kill()
        process.wait()


def utterance(*meaning: CommandEvent | UnknownEvent, segment_id: str) -> list[Event]:
    """Events from its begin to its end, in which nothing but that was understood."""
    said: list[Event] = [replace(each, segment_id=segment_id) for each in meaning]
    return [sample_events.speech_started(segment_id), *said, sample_events.speech_ended(0, segment_id)]


@pytest.mark.broker
@pytest.mark.skipif(not PYTHON, reason="EDGE_ASR_RHASSPY names no Python with rhasspy-hermes-app")
def test_a_command_is_an_intent_to_an_app_and_its_session_is_ended(tmp_path: Path, broker: Broker) -> None:
    values = ControlValues(mute=False, sensitivity=50)
    controls, metrics = Controls(values, values, Metrics()), Metrics()
    config = MqttConfig(host=broker.host, port=broker.port)
    sink = MqttSink(config, "kitchen", metrics, controls=controls, hermes=Hermes("kitchen", controls))
    slots = {
        "domain": SlotValue(value="light", text="", confidence=1.0),  # said nowhere
        "name": SlotValue(value="light.living", text="lamp", confidence=0.9),
        "level": SlotValue(value=50, text="fifty", confidence=0.8),
        "warm": SlotValue(value=True, text="", confidence=1.0),
    }
    command = replace(sample_events.command(), intent="HassLightSet", text="set the lamp to fifty", slots=slots)
    night = replace(sample_events.command(), intent="good night", text="good night", slots={})

    def start(**said: Any) -> None:
        body = json.dumps({"siteId": "kitchen", **said})
        publish.single("hermes/asr/startListening", body, qos=1, hostname=broker.host, port=broker.port)
        wait_for(lambda: controls.take_press()[0])

    with Subscriber(broker.port) as house, app(tmp_path, broker) as heard:
        sink.start()
        try:
            asked = ("SUBACK to edge_asr-kitchen", "\thermes/intent/HassLightSet", "\thermes/nlu/intentNotRecognized")
            wait_until(lambda: all(each in broker.log for each in asked), 30, "their subscriptions")

            def lines(count: int) -> list[dict[str, Any]]:
                wait_until(lambda: heard.read_text().count("\n") >= count, 15, f"{count} of what it has heard")
                return [json.loads(line) for line in heard.read_text().splitlines()]

            start(sessionId="a", wakewordId="jarvis")
            for event in utterance(command, segment_id="s-1"):
                sink.emit(event)
            [first] = lines(1)
            sure = command.confidence
            assert first == {
                "kind": "intent",
                "input": "set the lamp to fifty",
                "site": "kitchen",
                "session": "a",
                "id": "s-1",
                "name": "HassLightSet",
                "sure": sure,
                "slots": {
                    "domain": ["domain", "light", "", 1.0, "", ""],
                    "name": ["name", "light.living", "lamp", 0.9, "lamp", "lamp"],
                    "level": ["level", 50, "fifty", 0.8, "fifty", "fifty"],
                    "warm": ["warm", True, "", 1.0, "", ""],
                },
                "wakeword": "jarvis",
                "lang": "en",
                "asr": sure,
                "tokens": [],
            }
            house.wait_for(lambda: len(house.payloads("dialogueManager/endSession")) == 1)
            assert json.loads(house.payloads("dialogueManager/endSession")[0])["sessionId"] == "a"
            for event in utterance(night, segment_id="s-2"):  # nobody had asked
                sink.emit(event)
            second = lines(2)[1]
            assert (second["name"], second["session"], second["wakeword"]) == ("good night", None, None)
            assert second["slots"] == {}
            start(sessionId="b")
            for event in utterance(sample_events.unknown(), segment_id="s-3"):
                sink.emit(event)
            third = lines(3)[2]
            assert third == {"kind": "other", "input": "", "site": "kitchen", "session": "b", "id": "s-3"}
        finally:
            sink.stop(2.0)
