"""The announcement against the field rules of Home Assistant.

The rules are written from its documentation, https://www.home-assistant.io/integrations/mqtt/ (device discovery) and
the pages binary_sensor, button, event, number, select, sensor, switch and update.mqtt beside it. Templates there are
Jinja; ours are of the part of it that is Python too, so they are computed as Python here.
"""

import json
import re
from types import SimpleNamespace
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr import events
from edge_asr.commands import CONTROLS, gain_said, listen_said, mute_said, sensitivity_said
from edge_asr.config import CommandsMode, DiscoveryConfig
from edge_asr.controls import UNKNOWN, Choice
from edge_asr.events import LadderReport, LoadReport, ModelReport, StateReport
from edge_asr.ladder import Rung
from edge_asr.sinks.homeassistant import STATES, Announcement, announcement
from tests import sample_events

TOPIC = {"type": "string", "pattern": r"^[^#+\u0000]+$", "maxLength": 65535}
TEXT = {"type": "string", "minLength": 1}
COMMON = {
    "p": TEXT,
    "unique_id": TEXT,
    "name": TEXT,
    "icon": {"type": "string", "pattern": r"^mdi:[a-z0-9-]+$"},
    "json_attributes_topic": TOPIC,
    "state_topic": TOPIC,
    "value_template": TEXT,
}
BINARY_SENSOR_CLASSES = ["connectivity", "sound", "problem", "running"]  # of those that it knows, what could be ours
CATEGORY = {"enum": ["config", "diagnostic"]}


def component(required: list[str], **fields: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**COMMON, **fields},
        "required": ["p", "unique_id", "name", *required],
        "additionalProperties": False,
    }


RULES = {
    "event": component(["state_topic", "event_types"], event_types={"type": "array", "items": TEXT, "minItems": 1}),
    "sensor": component(
        ["state_topic"],
        device_class={"enum": ["enum", "duration"]},
        state_class={"const": "measurement"},
        unit_of_measurement={"const": "s"},  # one of a duration's
        entity_category={"const": "diagnostic"},  # a sensor may not be "config"
        options={"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
    ),
    "binary_sensor": component(
        ["state_topic"],
        device_class={"enum": BINARY_SENSOR_CLASSES},
        entity_category={"const": "diagnostic"},
        off_delay={"type": "integer", "minimum": 1},
    ),
    "switch": component(["command_topic"], command_topic=TOPIC, entity_category=CATEGORY),
    "update": component(["state_topic"], entity_category=CATEGORY),
    "button": component(["command_topic"], command_topic=TOPIC, payload_press=TEXT),
    "select": component(
        ["command_topic", "options"],
        command_topic=TOPIC,
        entity_category=CATEGORY,
        options={"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
    ),
    "number": component(
        ["command_topic"],
        payload_reset=TEXT,
        unit_of_measurement=TEXT,
        command_topic=TOPIC,
        entity_category=CATEGORY,
        min={"type": "number"},
        max={"type": "number"},
        step={"type": "number", "minimum": 0.001},
        mode={"enum": ["auto", "slider", "box"]},
    ),
}
ROOT = {
    "type": "object",
    "properties": {
        "dev": {
            "type": "object",
            "properties": {
                "ids": {"type": "array", "items": TEXT, "minItems": 1},
                **dict.fromkeys(("name", "mf", "mdl", "sw"), TEXT),
            },
            "required": ["ids"],
            "additionalProperties": False,
        },
        "o": {
            "type": "object",
            "properties": {"name": TEXT, "sw": TEXT},
            "required": ["name"],
            "additionalProperties": False,
        },
        "availability": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"topic": TOPIC},
                "required": ["topic"],
                "additionalProperties": False,
            },
        },
        "qos": {"enum": [0, 1, 2]},
        "cmps": {"type": "object", "additionalProperties": {"type": "object", "required": ["p"]}, "minProperties": 1},
    },
    "required": ["dev", "o", "cmps"],
    "additionalProperties": False,
}

RULE_OF = {platform: jsonschema.Draft202012Validator(rules) for platform, rules in RULES.items()}
RULE_OF_THE_ROOT = jsonschema.Draft202012Validator(ROOT)


CHOICES = (Choice("base", "en", False), Choice("en", "en", False), Choice("zh", "zh", False))


def told(device_id: str = "k1", name: str = "Kitchen ears", topic: str = "edge_asr/k1") -> Announcement:
    return announcement(device_id, name, topic, "1.0.0", 20.0, choices=CHOICES)


def components(made: Announcement) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(made.payload)["cmps"]
    return found


def shown(key: str, payload: bytes) -> object:
    """State that an entity takes from a message."""
    template = components(told())[key]["value_template"]
    return rendered(template, payload)


def rendered(template: str, payload: bytes) -> object:
    """What an expression of ours makes of a message."""
    expression = re.fullmatch(r"\{\{ (.*) \}\}", template)
    assert expression is not None
    names = {"value_json": SimpleNamespace(**json.loads(payload)), "value": payload.decode()}
    return eval(expression[1], {"__builtins__": {}}, names)  # noqa: S307 - our own template


IDS = st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z")
PREFIXES = st.from_regex(r"\A[A-Za-z0-9_-]{1,8}(/[A-Za-z0-9_-]{1,8}){0,3}\Z")


@settings(deadline=None)
@given(IDS, st.text(min_size=1), PREFIXES, PREFIXES)
def test_every_device_is_announced_by_the_rules(device_id: str, name: str, prefix: str, discovery: str) -> None:
    made = announcement(device_id, name, f"{prefix}/{device_id}", "1.0.0", 20.0, discovery, choices=CHOICES)
    assert re.fullmatch(rf"{discovery}/device/[a-zA-Z0-9_-]+/config", made.topic)
    document = json.loads(made.payload)
    RULE_OF_THE_ROOT.validate(document)
    for entry in document["cmps"].values():
        RULE_OF[entry["p"]].validate(entry)
        topics = [value for key, value in entry.items() if key.endswith("_topic")]
        assert all(topic.startswith(f"{prefix}/{device_id}/") for topic in topics)
    ids = [entry["unique_id"] for entry in document["cmps"].values()]
    assert len(set(ids)) == len(ids)
    assert document["availability"] == [{"topic": f"{prefix}/{device_id}/availability"}]


def test_the_rules_themselves_refuse() -> None:
    mute = components(told())["mute"]
    for spoiled in ({**mute, "command_topic": "a/#"}, {**mute, "mood": 1}, {"p": "switch", "unique_id": "x"}):
        with pytest.raises(jsonschema.ValidationError):
            RULE_OF["switch"].validate(spoiled)


def test_the_same_device_is_the_same_bytes_and_two_devices_share_no_id() -> None:
    assert told() == told()
    first, second = ({entry["unique_id"] for entry in components(told(each)).values()} for each in ("k1", "k2"))
    assert not first & second


@given(st.text(max_size=2000))
def test_a_state_is_at_most_255_characters_and_the_attributes_hold_all(text: str) -> None:
    final = events.encode(sample_events.final(text))
    state = shown("text", final)
    assert isinstance(state, str)
    assert len(state) <= 255
    assert text.startswith(state)
    assert len(state) == min(len(text), 255)
    entry = components(told())["text"]
    assert entry["json_attributes_topic"] == entry["state_topic"] == "edge_asr/k1/final"
    assert json.loads(final)["text"] == text


def test_events_become_what_the_entities_show() -> None:
    assert shown("speech", events.encode(sample_events.speech_started())) == "ON"
    assert shown("speech", events.encode(sample_events.speech_ended())) == "OFF"
    assert shown("speech", events.encode(sample_events.error())) == ""
    assert components(told())["speech"]["off_delay"] == 25
    for name in STATES:
        payload = msgspec.json.encode(sample_events.state(name))
        assert shown("state", payload) == name
        assert shown("microphone", payload) == ("ON" if name == "listening" else "OFF")
    assert (
        events.decode(events.encode(sample_events.final())).__struct_config__.tag
        in (components(told())["utterance"]["event_types"])
    )


def test_numbers_of_the_load_are_shown_and_none_is_unknown() -> None:
    payload = msgspec.json.encode(LoadReport(rtf=0.032, lag_s=0.4, over_s=60.0))
    assert (shown("rtf", payload), shown("lag", payload)) == (0.032, 0.4)
    assert shown("rtf", msgspec.json.encode(LoadReport(rtf=None, lag_s=0.0, over_s=60.0))) is None


def test_what_is_given_up_is_one_of_the_options() -> None:
    payload = msgspec.json.encode(
        LadderReport(rung="no_partials", cause="heat", temperature_celsius=84.0, since="then")
    )
    assert shown("ladder", payload) == "no_partials"
    assert components(told())["ladder"]["options"] == [rung.label for rung in Rung]


def test_the_versions_are_what_an_update_entity_reads() -> None:
    payload = json.loads(msgspec.json.encode(ModelReport(installed_version="1", latest_version="2", title="a model")))
    assert set(payload) <= {"installed_version", "latest_version", "title", "release_summary", "release_url"}


def test_all_states_are_options() -> None:
    assert set(STATES) == set(get_args(msgspec.structs.fields(StateReport)[0].type))
    assert components(told())["state"]["options"] == list(STATES)


def test_what_home_assistant_sends_is_understood() -> None:
    entries = components(told())
    # of a text of many lines it has no entity, and without sentences there is no mode
    entities = set(CONTROLS) - {"hotwords", "commands", "mode"}
    assert {each: entries[each]["command_topic"] for each in entities} == {
        each: f"edge_asr/k1/{each}/set" for each in entities
    }
    assert {each for each, entry in entries.items() if "command_topic" in entry} == entities
    assert (mute_said(b"ON"), mute_said(b"OFF")) == (True, False)  # a switch's defaults for payload_on, payload_off
    number = entries["sensitivity"]
    for value in range(number["min"], number["max"] + 1, number["step"]):
        assert sensitivity_said(str(value).encode()) == value
    number = entries["gain"]
    for value in range(number["min"], number["max"] + 1, number["step"]):
        assert gain_said(str(value).encode()) == value
    assert number["payload_reset"] == UNKNOWN
    assert listen_said(entries["listen"]["payload_press"].encode()) is None


def test_what_can_be_chosen_is_what_is_installed() -> None:
    entries = components(told())
    assert (entries["model"]["options"], entries["language"]["options"]) == (["base", "en", "zh"], ["en", "zh"])
    bare = components(announcement("k1", "Kitchen", "edge_asr/k1", "1.0.0", 20.0))
    assert not {"model", "language"} & set(bare)


def test_the_defaults_are_home_assistants() -> None:
    config = DiscoveryConfig()
    assert (config.enabled, config.prefix, config.status_topic) == (True, "homeassistant", "homeassistant/status")
    assert told().topic == "homeassistant/device/edge_asr_k1/config"


def test_commands_are_an_event_of_their_own_where_there_are_sentences() -> None:
    assert "command" not in components(told())
    entry = components(announcement("k1", "Kitchen", "edge_asr/k1", "1.0.0", 20.0, commands=True))["command"]
    RULE_OF["event"].validate(entry)
    shown = [events.encode(one) for one in (sample_events.command(), sample_events.wake(), sample_events.unknown())]
    assert [rendered(entry["value_template"], one) for one in shown] == [one.decode() for one in shown]
    assert {json.loads(one)["event_type"] for one in shown} == {*entry["event_types"]}
    for other in (sample_events.speech_started(), sample_events.error()):
        assert rendered(entry["value_template"], events.encode(other)) == ""


def test_a_mode_is_chosen_where_there_are_sentences() -> None:
    entry = components(announcement("k1", "Kitchen", "edge_asr/k1", "1.0.0", 20.0, commands=True))["mode"]
    RULE_OF["select"].validate(entry)
    assert (entry["command_topic"], entry["state_topic"]) == ("edge_asr/k1/mode/set", "edge_asr/k1/mode/state")
    assert entry["options"] == list(get_args(CommandsMode))
    assert "mode" not in components(told())
