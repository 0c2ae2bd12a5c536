"""The blueprint and the announcement in a real Home Assistant, where there is one; it takes half a minute to start.

EDGE_ASR_HOME_ASSISTANT names a Python that has the packages homeassistant, paho-mqtt, hassil, home-assistant-intents
and home-assistant-frontend (as its own frontend/manifest.json wants it); `--skip-pip` keeps it from fetching more.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge_asr.demo.broker import Broker
from edge_asr.events import CommandEvent, FinalEvent
from edge_asr.names import Name, read_names
from tests import sample_events
from tests.deploy.house import Device, final, running
from tests.sinks.subscriber import Subscriber
from tests.waiting import wait_until

BLUEPRINTS = Path(__file__).parents[2] / "deploy" / "home-assistant"
BLUEPRINT = BLUEPRINTS / "say_to_assist.yaml"
PYTHON = os.environ.get("EDGE_ASR_HOME_ASSISTANT")
_START_DEADLINE_S = 120.0

CONFIGURATION = """
homeassistant: {name: House, latitude: 0, longitude: 0, elevation: 0, time_zone: UTC}
http: {server_host: 127.0.0.1, server_port: PORT}
frontend:
conversation:
logger: {default: warning}
input_boolean:
  lamp:
switch:  # what Assist may command unasked
  - platform: template
    switches:
      kitchen_light:
        friendly_name: Kitchen light
        unique_id: kitchen_light
        value_template: "{{ is_state('input_boolean.lamp', 'on') }}"
        turn_on: {action: input_boolean.turn_on, target: {entity_id: input_boolean.lamp}}
        turn_off: {action: input_boolean.turn_off, target: {entity_id: input_boolean.lamp}}
automation:
  - alias: Kitchen says
    use_blueprint:
      path: edge_asr/say_to_assist.yaml
      input:
        topic: edge_asr/kitchen/final
        then:
          - action: mqtt.publish
            data: {topic: house/answer, payload: "{{ answer.response.speech.plain.speech }}"}
  - alias: Pantry says
    use_blueprint:
      path: edge_asr/say_to_assist.yaml
      input: {topic: edge_asr/pantry/final, wake_phrase: "Hey House"}
  - alias: Kitchen commands
    use_blueprint:
      path: edge_asr/do_commands.yaml
      input: {topic: edge_asr/kitchen/event}
  - alias: Pantry commands
    use_blueprint:
      path: edge_asr/do_commands.yaml
      input: {topic: edge_asr/pantry/event, way: event}
  - alias: Tell a command
    triggers: [{trigger: event, event_type: edge_asr_command}]
    actions:
      - action: mqtt.publish
        data: {topic: house/command, payload: "{{ trigger.event.data.intent }} {{ trigger.event.data.slots }}"}
  - alias: Names
    use_blueprint:
      path: edge_asr/tell_names.yaml
      input: {topic: house/names}
  - alias: Tell the light
    triggers: [{trigger: state, entity_id: input_boolean.lamp}]
    actions: [{action: mqtt.publish, data: {topic: house/light, payload: "{{ trigger.to_state.state }}"}}]
  - alias: Mute
    triggers: [{trigger: mqtt, topic: house/mute}]
    actions: [{action: switch.turn_on, target: {entity_id: switch.kitchen_mute}}]
  - alias: Tell a state
    triggers: [{trigger: mqtt, topic: house/ask}]
    actions:
      - action: mqtt.publish
        data: {topic: "house/state/{{ trigger.payload }}", payload: "{{ states(trigger.payload) }}"}
"""
ENTRY: dict[str, object] = {
    "domain": "mqtt",
    "title": "broker",
    "source": "user",
    "entry_id": "01JGG0000000000000000000AA",
    "unique_id": None,
    "version": 1,
    "minor_version": 2,
    "options": {},
    "disabled_by": None,
    "discovery_keys": {},
    "subentries": [],
    "pref_disable_new_entities": False,
    "pref_disable_polling": False,
    "created_at": sample_events.NOW,
    "modified_at": sample_events.NOW,
}


def test_every_input_of_the_blueprint_is_used_and_has_a_name() -> None:
    text = BLUEPRINT.read_text("utf8")
    inputs = set(re.findall(r"^    (\w+):\n      name: ", text, re.MULTILINE))
    assert len(inputs) == text.count("      selector:\n") == text.count("      default:") == 6
    assert set(re.findall(r"!input (\w+)", text)) == inputs


@contextmanager
def home_assistant(python: str, folder: Path, broker: Broker, port: int) -> Iterator[None]:
    """Connected to the broker; its folder holds the blueprint where a person would put it."""
    place = folder / "blueprints" / "automation" / "edge_asr"
    place.mkdir(parents=True)
    for blueprint in BLUEPRINTS.glob("*.yaml"):
        shutil.copy(blueprint, place)
    (folder / "configuration.yaml").write_text(CONFIGURATION.replace("PORT", str(port)))
    (folder / ".storage").mkdir()
    entry = {**ENTRY, "data": {"broker": broker.host, "port": broker.port}}
    stored = {"version": 1, "minor_version": 5, "key": "core.config_entries", "data": {"entries": [entry]}}
    (folder / ".storage" / "core.config_entries").write_text(json.dumps(stored))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [python, "-m", "homeassistant", "-c", str(folder), "--skip-pip"],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def said_now(text: str, segment_id: str, ago_s: float = 0.0, confidence: float = 0.9) -> FinalEvent:
    end = (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat()
    return final(text, segment_id, end=end, confidence=confidence)


def command_now(text: str, ago_s: float = 0.0) -> CommandEvent:
    end = (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat()
    return replace(sample_events.command(), text=text, end=end)


def becomes(house: Subscriber, entity: str, state: str) -> None:
    """Home Assistant is asked until it says so."""

    def says_so() -> bool:
        house.publish("house/ask", entity.encode())
        time.sleep(0.2)
        return house.payloads(f"state/{entity}")[-1:] == [state.encode()]

    house.wait_for(says_so)


@pytest.mark.broker
@pytest.mark.skipif(PYTHON is None, reason="EDGE_ASR_HOME_ASSISTANT names no Python with Home Assistant")
def test_what_is_said_switches_a_light_and_the_device_is_there(tmp_path: Path, broker: Broker) -> None:
    assert PYTHON is not None
    kitchen, pantry = Device("kitchen", broker.port), Device("pantry", broker.port)
    with (
        Subscriber(broker.port) as house,
        running(kitchen, pantry),
        home_assistant(PYTHON, tmp_path, broker, 18123),
    ):
        wait_until(lambda: house.payloads("homeassistant/status"), _START_DEADLINE_S, "Home Assistant")
        assert house.payloads("homeassistant/status") == [b"online"]
        becomes(house, "switch.kitchen_mute", "off")
        becomes(house, "sensor.kitchen_state", "listening")
        kitchen.say(said_now("Turn on the kitchen light.", "k-1", ago_s=120.0))  # too old
        kitchen.say(said_now("Turn on the kitchen light.", "k-2", confidence=0.2))  # too unsure
        pantry.say(said_now("Turn on the kitchen light.", "p-1"))  # not to the house
        becomes(house, "sensor.kitchen_last_transcript", "Turn on the kitchen light.")
        kitchen.say(said_now("Turn on the kitchen light.", "k-3"))
        house.wait_for(lambda: house.payloads("house/light") == [b"on"])
        house.wait_for(lambda: len(house.payloads("house/answer")) == 1)
        pantry.say(said_now("Hey, house! Turn off the kitchen light.", "p-2"))
        house.wait_for(lambda: house.payloads("house/light") == [b"on", b"off"])
        kitchen.say(sample_events.speech_started())
        becomes(house, "binary_sensor.kitchen_speech", "on")
        house.publish("house/mute", b"now")
        becomes(house, "switch.kitchen_mute", "on")
        assert len(house.payloads("house/answer")) == 1
        house.wait_for(lambda: len(house.payloads("house/names")) > 0)
        assert Name("Kitchen light", "switch.kitchen_light") in read_names(house.payloads("house/names")[-1]).name
        kitchen.say(command_now("Turn on the kitchen light", ago_s=120.0))
        kitchen.say(command_now("Turn on the kitchen light"))
        house.wait_for(lambda: house.payloads("house/light") == [b"on", b"off", b"on"])
        pantry.say(command_now("Turn off the kitchen light"))
        house.wait_for(lambda: len(house.payloads("house/command")) == 1)
        slots = {name: slot.value for name, slot in sample_events.command().slots.items()}
        told = house.payloads("house/command")[0].decode()
        assert told == f"{sample_events.command().intent} {slots}"
    assert b"edge_asr" not in (tmp_path / "log").read_bytes()  # it had nothing to complain of
