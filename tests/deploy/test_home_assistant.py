"""The blueprint and the announcement in a real Home Assistant, where there is one; it takes half a minute to start."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge_asr.demo.broker import Broker
from edge_asr.events import CommandEvent, FinalEvent
from tests import sample_events
from tests.deploy.house import Device, final, running
from tests.deploy.real_home_assistant import BLUEPRINTS, home_assistant, needs_home_assistant
from tests.sinks.subscriber import Subscriber

CONFIGURATION = """
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
  - alias: Tell the light
    triggers: [{trigger: state, entity_id: input_boolean.lamp}]
    actions: [{action: mqtt.publish, data: {topic: house/light, payload: "{{ trigger.to_state.state }}"}}]
  - alias: Mute
    triggers: [{trigger: mqtt, topic: house/mute}]
    actions: [{action: switch.turn_on, target: {entity_id: switch.kitchen_mute}}]
"""


def test_every_input_of_the_blueprint_is_used_and_has_a_name() -> None:
    text = (BLUEPRINTS / "say_to_assist.yaml").read_text("utf8")
    inputs = set(re.findall(r"^    (\w+):\n      name: ", text, re.MULTILINE))
    assert len(inputs) == text.count("      selector:\n") == text.count("      default:") == 6
    assert set(re.findall(r"!input (\w+)", text)) == inputs


def said_now(text: str, segment_id: str, ago_s: float = 0.0, confidence: float = 0.9) -> FinalEvent:
    end = (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat()
    return final(text, segment_id, end=end, confidence=confidence)


def command_now(text: str, ago_s: float = 0.0) -> CommandEvent:
    end = (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat()
    return replace(sample_events.command(), text=text, end=end)


@pytest.mark.broker
@needs_home_assistant
def test_what_is_said_switches_a_light_and_the_device_is_there(tmp_path: Path, broker: Broker) -> None:
    kitchen, pantry = Device("kitchen", broker.port), Device("pantry", broker.port)
    with (
        Subscriber(broker.port) as house,
        running(kitchen, pantry),
        home_assistant(tmp_path, broker, CONFIGURATION) as assistant,
    ):
        assistant.has_started(house)
        assistant.becomes("switch.kitchen_mute", "off")
        assistant.becomes("sensor.kitchen_state", "listening")
        kitchen.say(said_now("Turn on the kitchen light.", "k-1", ago_s=120.0))  # too old
        kitchen.say(said_now("Turn on the kitchen light.", "k-2", confidence=0.2))  # too unsure
        pantry.say(said_now("Turn on the kitchen light.", "p-1"))  # not to the house
        assistant.becomes("sensor.kitchen_last_transcript", "Turn on the kitchen light.")
        kitchen.say(said_now("Turn on the kitchen light.", "k-3"))
        house.wait_for(lambda: house.payloads("house/light") == [b"on"])
        house.wait_for(lambda: len(house.payloads("house/answer")) == 1)
        pantry.say(said_now("Hey, house! Turn off the kitchen light.", "p-2"))
        house.wait_for(lambda: house.payloads("house/light") == [b"on", b"off"])
        kitchen.say(sample_events.speech_started())
        assistant.becomes("binary_sensor.kitchen_speech", "on")
        house.publish("house/mute", b"now")
        assistant.becomes("switch.kitchen_mute", "on")
        assert len(house.payloads("house/answer")) == 1
        kitchen.say(command_now("Turn on the kitchen light", ago_s=120.0))
        kitchen.say(command_now("Turn on the kitchen light"))
        house.wait_for(lambda: house.payloads("house/light") == [b"on", b"off", b"on"])
        pantry.say(command_now("Turn off the kitchen light"))
        house.wait_for(lambda: len(house.payloads("house/command")) == 1)
        slots = {name: slot.value for name, slot in sample_events.command().slots.items()}
        told = house.payloads("house/command")[0].decode()
        assert told == f"{sample_events.command().intent} {slots}"
        assert "edge_asr" not in assistant.log  # it had nothing to complain of
