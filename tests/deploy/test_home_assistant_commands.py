"""Names told and commands done by a real Home Assistant, where there is one, with the daemon's own messages."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from paho.mqtt import publish

from edge_asr.demo.broker import Broker
from edge_asr.events import CommandEvent, Event, SlotValue, encode
from edge_asr.names import Name, Names, read_names
from tests import sample_events
from tests.deploy.real_home_assistant import HomeAssistant, home_assistant, needs_home_assistant
from tests.sinks.subscriber import Subscriber
from tests.waiting import wait_until

pytestmark = [pytest.mark.broker, needs_home_assistant]
CONFIGURATION = """
input_boolean:
  first:
  second:
light:
  - platform: template
    lights:
      first:
        friendly_name: Kitchen light
        unique_id: first
        value_template: "{{ is_state('input_boolean.first', 'on') }}"
        turn_on: {action: input_boolean.turn_on, target: {entity_id: input_boolean.first}}
        turn_off: {action: input_boolean.turn_off, target: {entity_id: input_boolean.first}}
      second:
        friendly_name: "Wi-Fi & lamp 2"
        unique_id: second
        value_template: "{{ is_state('input_boolean.second', 'on') }}"
        turn_on: {action: input_boolean.turn_on, target: {entity_id: input_boolean.second}}
        turn_off: {action: input_boolean.turn_off, target: {entity_id: input_boolean.second}}
automation:
  - alias: By words
    use_blueprint:
      path: edge_asr/do_commands.yaml
      input:
        topic: edge_asr/kitchen/event
        then:
          - action: mqtt.publish
            data: {topic: house/answer, payload: "{{ answer.response.response_type }}"}
  - alias: By intent
    use_blueprint:
      path: edge_asr/do_commands.yaml
      input:
        topic: edge_asr/pantry/event
        way: actions
        then:
          - action: "homeassistant.{{ {'HassTurnOn': 'turn_on', 'HassTurnOff': 'turn_off'}[intent] }}"
            target: {entity_id: "{{ slots.name }}"}
  - alias: By text
    use_blueprint:
      path: edge_asr/say_to_assist.yaml
      input: {topic: edge_asr/kitchen/final}
  - alias: Names
    use_blueprint:
      path: edge_asr/tell_names.yaml
      input: {topic: house/names}
"""
FIRST, SECOND = "light.first", "light.second"
NO_COMMANDS = (
    b"",
    b"command",
    b"\xff\xfe",
    b"[1]",
    b"3",
    b"null",
    b'{"event_type":"command"}',
    b'{"event_type":"final"}',
    b'{"event_type":"command","intent":"HassTurnOn","slots":["a"],"text":[],"confidence":"x","end":3}',
    b'{"event_type":"final","text":"turn on the kitchen light","confidence":"x","end":3,"language":"en"}',
)


def command(text: str, intent: str = "HassTurnOn", **slots: tuple[str, str]) -> CommandEvent:
    """Just said; slots as (value, the words that said so)."""
    filled = {name: SlotValue(value=value, text=said, confidence=0.9) for name, (value, said) in slots.items()}
    end = datetime.now(UTC).isoformat()
    return replace(sample_events.command(), text=text, intent=intent, slots=filled, end=end)


def told(house: Subscriber) -> Names:
    """The names as the daemon reads what was told last."""
    payloads = house.payloads("house/names")
    return read_names(payloads[-1]) if payloads else Names()


def lights(assistant: HomeAssistant) -> tuple[str, str]:
    return assistant.state(FIRST), assistant.state(SECOND)


def test_the_names_are_told_at_the_start_at_each_change_and_when_the_broker_has_forgotten_them(
    tmp_path: Path, broker: Broker
) -> None:
    with Subscriber(broker.port) as house, home_assistant(tmp_path, broker, CONFIGURATION) as assistant:
        assistant.has_started(house)
        wait_until(lambda: told(house).name, 20, "the names")
        assert set(told(house).name) == {Name("Kitchen light", FIRST), Name("Wi-Fi & lamp 2", SECOND)}
        attic = assistant.ask("config/area_registry/create", name="Attic")["area_id"]
        floor = assistant.ask("config/floor_registry/create", name="Upstairs")["floor_id"]
        assistant.ask("config/entity_registry/update", entity_id=FIRST, name="Reading lamp")
        wait_until(lambda: Name("Reading lamp", FIRST) in told(house).name, 20, "the new name")
        assert Name("Attic", attic) in told(house).area
        assert told(house).floor == (Name("Upstairs", floor),)
        assert len(told(house).name) == 2
        assistant.ask("config/area_registry/update", area_id=attic, name="Library")
        wait_until(lambda: Name("Library", attic) in told(house).area, 20, "the area's new name")
        time.sleep(1)  # until the broker has it from nobody any more
        before = told(house)
        house.messages.clear()
        broker.restart()  # it keeps nothing
        wait_until(lambda: house.payloads("homeassistant/status")[-1:] == [b"online"], 60, "Home Assistant again")
        wait_until(lambda: house.payloads("house/names"), 20, "the names again")
        assert told(house) == before
        assert not [line for line in assistant.log.splitlines() if "automation" in line or "template" in line]


def test_a_command_is_done_by_its_words_or_its_intent_and_nothing_else_is(tmp_path: Path, broker: Broker) -> None:
    def send(topic: str, payload: bytes, *, retain: bool = False) -> None:
        publish.single(topic, payload, 1, retain, hostname=broker.host, port=broker.port)

    def say(room: str, event: Event) -> None:
        send(f"edge_asr/{room}/event", encode(event))

    for room in ("kitchen", "pantry"):  # as somebody may have left it there
        old = replace(command("turn on the kitchen light", name=(FIRST, "kitchen light")), end=sample_events.NOW)
        send(f"edge_asr/{room}/event", encode(old), retain=True)
    with (
        Subscriber(broker.port) as house,
        home_assistant(tmp_path, broker, CONFIGURATION) as assistant,
    ):
        assistant.has_started(house)
        wait_until(lambda: lights(assistant) == ("off", "off"), 20, "the lights")
        say("kitchen", command("turn on the kitchen light", name=(FIRST, "kitchen light")))
        house.wait_for(lambda: house.payloads("house/answer") == [b"action_done"])
        assert lights(assistant) == ("on", "off")
        say("kitchen", command("turn on wi fi and lamp two", name=(SECOND, "wi fi and lamp two")))
        house.wait_for(lambda: house.payloads("house/answer")[1:] == [b"action_done"])
        assert lights(assistant) == ("on", "on")
        hall = assistant.ask("config/area_registry/create", name="Hall 2")["area_id"]
        assistant.ask("config/entity_registry/update", entity_id=SECOND, area_id=hall)
        say("kitchen", command("turn off the lights in hall two", area=(hall, "hall two")))
        house.wait_for(lambda: house.payloads("house/answer")[2:] == [b"action_done"])
        assert lights(assistant) == ("on", "off")
        say("pantry", command("dim it", "HassTurnOff", name=(FIRST, "it")))  # whatever the words are
        assistant.becomes(FIRST, "off")
        began = len(assistant.log)
        for payload in (*NO_COMMANDS, encode(sample_events.unknown()), encode(sample_events.wake())):
            for topic in ("edge_asr/kitchen/event", "edge_asr/pantry/event", "edge_asr/kitchen/final"):
                send(topic, payload)
        for room in ("kitchen", "pantry"):
            say(room, sample_events.unknown())
            say(room, sample_events.error())
            say(room, replace(command("turn on the kitchen light", name=(FIRST, "kitchen light")), end="yesterday"))
            say(room, replace(command("turn on the kitchen light", name=(FIRST, "kitchen light")), confidence=0.3))
        say("kitchen", command("turn on the wi fi and lamp two", name=(SECOND, "wi fi and lamp two")))
        house.wait_for(lambda: len(house.payloads("house/answer")) == 4)
        assert lights(assistant) == ("off", "on")
        complaints = [line for line in assistant.log[began:].splitlines() if "Can't decode payload" not in line]
        assert complaints == []
        assert len(assistant.log[began:].splitlines()) <= 3  # one for each who listened to bytes that are no text
