"""The whole way around, where there is a Home Assistant: a lamp is renamed there, and then heard by its new name."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from edge_asr.demo.broker import Broker
from edge_asr.demo.daemon import Daemon
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample
from edge_asr.names import Name, Names, read_names
from tests.cli.bundles import has_lexicon
from tests.deploy.real_home_assistant import HomeAssistant, home_assistant, needs_home_assistant
from tests.e2e.conftest import DEVICE, FIRST_PASS, House, Listener
from tests.sinks.subscriber import Subscriber
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.pulse,
    pytest.mark.broker,
    pytest.mark.bundle,
    needs_home_assistant,
]
CONFIGURATION = f"""
input_boolean:
  first:
light:
  - platform: template
    lights:
      first:
        friendly_name: Kitchen light
        unique_id: first
        value_template: "{{{{ is_state('input_boolean.first', 'on') }}}}"
        turn_on: {{action: input_boolean.turn_on, target: {{entity_id: input_boolean.first}}}}
        turn_off: {{action: input_boolean.turn_off, target: {{entity_id: input_boolean.first}}}}
automation:
  - alias: Names
    use_blueprint:
      path: edge_asr/tell_names.yaml
      input: {{topic: house/names}}
  - alias: Commands
    use_blueprint:
      path: edge_asr/do_commands.yaml
      input:
        topic: edge_asr/{DEVICE}/event
        way: actions
        least_confidence: 0
        then:
          - action: light.turn_on
            target: {{entity_id: "{{{{ slots.name }}}}"}}
"""
SENTENCES = "made = he might even have been made {name} himself\n"


def listened_for(house: House) -> dict[str, Any]:
    told = house.listener.of("commands/state")
    return told[-1].body if told else {}


def told(seen: Subscriber) -> Names:
    payloads = seen.payloads("house/names")
    return read_names(payloads[-1]) if payloads else Names()


def hears_all(house: House, seen: Subscriber) -> bool:
    """Whether the daemon listens for as many names as were told last."""
    names, report = told(seen), listened_for(house)
    count = sum(map(len, names.lists().values()))
    return bool(report.get("sentences")) and report["names"] + report["left_out"] == count


def entity(assistant: HomeAssistant, ending: str) -> dict[str, Any]:
    """What it says of the one whose id ends so."""
    found: list[dict[str, Any]] = [each for each in assistant.ask("get_states") if each["entity_id"].endswith(ending)]
    return found[0] if found else {"state": "", "attributes": {}}


def test_a_lamp_that_is_renamed_is_switched_by_its_new_name(tmp_path: Path, broker: Broker) -> None:
    if not has_lexicon():
        pytest.skip("the English bundle has no pronunciations")
    (tmp_path / "sentences.txt").write_text(SENTENCES)
    (tmp_path / "empty.toml").touch()
    home = tmp_path / "home"
    home.mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(PulseServer())
        listener = Listener(broker.port)
        stack.callback(listener.close)
        seen = stack.enter_context(Subscriber(broker.port))
        assistant = stack.enter_context(home_assistant(home, broker, CONFIGURATION))
        assistant.has_started(seen)
        assistant.becomes("light.first", "off")
        wait_until(lambda: Name("Kitchen light", "light.first") in told(seen).name, 20, "the names")
        settings = (
            *FIRST_PASS,
            f"mqtt.host={broker.host}",
            f"mqtt.port={broker.port}",
            f"device.id={DEVICE}",
            f"commands.sentences={tmp_path / 'sentences.txt'}",
            "commands.names_topic=house/names",
            "commands.mode=commands",
        )
        words = ["--config", os.fspath(tmp_path / "empty.toml")]
        words += [word for setting in settings for word in ("--set", setting)]
        variables = {**server.environment(), "XDG_STATE_HOME": os.fspath(tmp_path / "kept")}
        daemon = stack.enter_context(Daemon(words, variables, show_log=True))
        house = House(server, broker, daemon, listener)
        house.until_listening()
        wait_until(lambda: hears_all(house, seen), 40, "the names as they were")
        assistant.becomes(f"select.edge_asr_{DEVICE}_mode", "commands")
        house.say(sample()[4])
        wait_until(
            lambda: entity(assistant, f"{DEVICE}_command")["attributes"].get("event_type") == "unknown",
            20,
            "what is none of the sentences",
        )
        assert assistant.state("light.first") == "off"
        assistant.ask("config/entity_registry/update", entity_id="light.first", name="Amiable")
        assistant.ask("config/area_registry/create", name="Attic")
        wait_until(lambda: Name("Amiable", "light.first") in told(seen).name, 20, "the new name")
        wait_until(lambda: hears_all(house, seen), 40, "the names as they are")
        house.say(sample()[4])
        assistant.becomes("light.first", "on")
        heard = entity(assistant, f"{DEVICE}_command")["attributes"]
        assert (heard["event_type"], heard["intent"]) == ("command", "made")
        assert (heard["slots"]["name"]["value"], heard["slots"]["name"]["text"]) == ("light.first", "amiable")
        assert "edge_asr" not in assistant.log  # nor did the entities make it complain
        assert not [line for line in assistant.log.splitlines() if "automation" in line or "template" in line]
