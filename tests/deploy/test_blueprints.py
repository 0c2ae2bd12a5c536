"""The blueprints as far as they can be tried without Home Assistant: their form, and what their templates make.

The form is written from its documentation, https://www.home-assistant.io/docs/blueprint/schema/ and the pages of
selectors, triggers and actions beside it.
"""

import json
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import pytest
import yaml

from edge_asr.events import Event, encode
from edge_asr.names import Name, read_names
from tests import sample_events

FOLDER = Path(__file__).parents[2] / "deploy" / "home-assistant"
BLUEPRINTS = sorted(path.name for path in FOLDER.glob("*.yaml"))
SELECTORS = {"text", "number", "select", "action", "conversation_agent"}
TEXT = {"type": "string", "minLength": 1}
INPUT = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "description": TEXT,
        "default": {},
        "selector": {
            "type": "object",
            "propertyNames": {"enum": sorted(SELECTORS)},
            "minProperties": 1,
            "maxProperties": 1,
        },
    },
    "required": ["name", "default", "selector"],
    "additionalProperties": False,
}
TEMPLATE_CONDITION = {
    "type": "object",
    "properties": {"condition": {"const": "template"}, "value_template": {"type": "string", "pattern": r"\{\{.*\}\}"}},
    "required": ["condition", "value_template"],
    "additionalProperties": False,
}
ACTION = {
    "type": "object",
    "oneOf": [{"required": [key]} for key in ("action", "event", "delay", "choose")],
    "properties": {
        "action": {"enum": ["conversation.process", "mqtt.publish"]},
        "choose": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "conditions": {"type": "array", "items": TEMPLATE_CONDITION},
                    "sequence": {"type": "array", "items": {"$ref": "#/$defs/action"}},
                },
                "required": ["conditions", "sequence"],
                "additionalProperties": False,
            },
        },
        **{key: {} for key in ("default", "data", "response_variable", "event", "event_data", "delay")},
    },
    "additionalProperties": False,
}
FORM = {
    "$defs": {"action": ACTION},
    "type": "object",
    "properties": {
        "blueprint": {
            "type": "object",
            "properties": {
                "name": TEXT,
                "description": TEXT,
                "domain": {"const": "automation"},
                "homeassistant": {
                    "type": "object",
                    "properties": {"min_version": {"type": "string", "pattern": r"^\d{4}\.\d+\.\d+$"}},
                    "required": ["min_version"],
                },
                "input": {"type": "object", "additionalProperties": INPUT, "minProperties": 1},
            },
            "required": ["name", "description", "domain", "homeassistant", "input"],
            "additionalProperties": False,
        },
        "mode": {"enum": ["queued", "restart"]},
        "max": {"type": "integer"},
        "max_exceeded": {"const": "silent"},
        "triggers": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "trigger": {"enum": ["mqtt", "event", "homeassistant"]},
                    "event": {"enum": ["start"]},
                    **{key: {} for key in ("topic", "qos", "payload", "value_template", "event_type")},
                },
                "required": ["trigger"],
                "additionalProperties": False,
            },
        },
        "variables": {"type": "object"},
        "conditions": {"type": "array", "items": TEMPLATE_CONDITION},
        "actions": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/action"}},
    },
    "required": ["blueprint", "mode", "triggers", "actions"],
    "additionalProperties": False,
}


class Input(str):
    """An `!input`."""

    __slots__ = ()


class Loader(yaml.SafeLoader):  # type: ignore[misc] # PyYAML has no types
    """Knows `!input`, and refuses what is defined twice."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    assert len(set(keys)) == len(keys), f"{keys} at {node.start_mark}"
    return dict(loader.construct_mapping(node, deep=True))


Loader.add_constructor("!input", lambda loader, node: Input(loader.construct_scalar(node)))
Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((FOLDER / name).read_text("utf8"), Loader)  # noqa: S506 - a safe one
    return found


def inputs(value: object) -> set[str]:
    if isinstance(value, Input):
        return {str(value)}
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for one in inside for name in inputs(one)}


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_a_blueprint_has_the_form_of_one_and_uses_each_of_its_inputs(name: str) -> None:
    blueprint = loaded(name)
    jsonschema.Draft202012Validator(FORM).validate(blueprint)
    used = inputs({key: value for key, value in blueprint.items() if key != "blueprint"})
    assert used == set(blueprint["blueprint"]["input"])


def test_the_form_itself_refuses() -> None:
    good = loaded("do_commands.yaml")
    for spoiled in (
        {**good, "trigger": []},
        {**good, "mode": "all"},
        {**good, "actions": [{"action": "conversation.process", "delay": 1}]},
        {**good, "conditions": [{"condition": "template", "value_template": "true"}]},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(FORM).validate(spoiled)


class Entity:
    def __init__(self, entity_id: str, name: str) -> None:
        self.entity_id, self.name, self.domain = entity_id, name, entity_id.partition(".")[0]


def rendered(template: str, **names: Any) -> str:
    """By Jinja, with what Home Assistant adds to it."""
    room = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - its are of text
    room.filters["to_json"] = json.dumps
    return str(room.from_string(template).render(**names))


def test_names_are_told_in_the_form_that_is_read() -> None:
    [_, publish] = loaded("tell_names.yaml")["actions"]
    assert (publish["action"], publish["data"]["retain"], publish["data"]["qos"]) == ("mqtt.publish", True, 1)
    entities = [Entity("light.a", 'Kaylee\'s "new" lamp'), Entity("sensor.b", "Humidity"), Entity("fan.c", "Fan {1}")]
    area, floor = {"living": "Living room"}, {"up": "Upstairs"}
    payload = rendered(
        publish["data"]["payload"], states=entities, domains=["light", "fan"], most=500,
        areas=lambda: list(area), area_name=area.get, floors=lambda: list(floor), floor_name=floor.get,
    )  # fmt: skip
    found = read_names(payload.encode())
    assert found.name == (Name('Kaylee\'s "new" lamp', "light.a"), Name("Fan {1}", "fan.c"))
    assert (found.area, found.floor) == ((Name("Living room", "living"),), (Name("Upstairs", "up"),))


def test_a_command_is_handed_on_with_its_slots_and_only_when_it_is_sure() -> None:
    blueprint, event = loaded("do_commands.yaml"), sample_events.command()
    [trigger] = blueprint["triggers"]
    said = json.loads(encode(event))
    assert rendered(trigger["value_template"], value_json=said).strip() == trigger["payload"]
    slots = rendered(blueprint["variables"]["slots"], said=said).strip()
    assert slots == str({name: slot.value for name, slot in event.slots.items()}) != "{}"
    sure, recent = (one["value_template"] for one in blueprint["conditions"])
    home = [Entity(str(event.slots["name"].value), "Lamp 2")]
    known = {"areas": list, "floors": list, "area_name": str, "floor_name": str}
    words = rendered(blueprint["variables"]["words"], said=said, states=home, **known)
    assert words.split() == ["turn", "on", "Lamp", "2"]
    least = [rendered(sure, said=said, least_confidence=bound) for bound in (0.0, event.confidence, 1.0)]
    assert least == ["True", "True", "False"]
    times = {"as_timestamp": lambda value, *_: value, "now": lambda: 100.0, "oldest_s": 15}
    ages = [rendered(recent, said={"clock_synced": True, "end": end}, **times) for end in (90.0, 50.0)]
    assert ages == ["True", "False"]
    assert rendered(recent, said={"clock_synced": False, "end": 0.0}, **times) == "True"


WHAT_IS_TAKEN: dict[str, Event] = {
    "do_commands.yaml": sample_events.command(),
    "say_to_assist.yaml": sample_events.final(),
}


@pytest.mark.parametrize("name", sorted(WHAT_IS_TAKEN))
def test_what_is_no_whole_event_of_its_kind_is_no_trigger(name: str) -> None:
    [trigger] = loaded(name)["triggers"]
    taken = json.loads(encode(WHAT_IS_TAKEN[name]))
    used = {"event_type", "text", "end", "confidence", "language"}
    used |= {"intent", "slots", "device_id"} if name == "do_commands.yaml" else set()
    spoiled = [{**taken, key: [value]} for key, value in taken.items() if key in used]
    short = [{key: value for key, value in taken.items() if key != one} for one in used]
    others = [json.loads(encode(event)) for event in (sample_events.unknown(), sample_events.error())]
    slots = [{**taken, "slots": {"name": value}} for value in ("lamp", {"value": "lamp"})] if "intent" in used else []
    assert len(spoiled) == len(used)
    for said in (*spoiled, *short, *others, *slots, [], [taken], 3, None, "command"):
        assert rendered(trigger["value_template"], value_json=said).strip() != trigger["payload"], said
    assert rendered(trigger["value_template"]).strip() == ""
    assert rendered(trigger["value_template"], value_json=taken).strip() == trigger["payload"]
