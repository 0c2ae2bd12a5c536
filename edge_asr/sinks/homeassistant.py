"""How Home Assistant learns of this device: one retained message that describes all of its entities.

The format is "device discovery" of its MQTT integration (https://www.home-assistant.io/integrations/mqtt/), which came
with Home Assistant 2024.12; openHAB reads it too.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

import msgspec

from edge_asr.commands import MODES, MOST_GAIN, PRESS
from edge_asr.controls import UNKNOWN, Choice
from edge_asr.events import RungName
from edge_asr.sensitivity import LEAST, MOST

STATES = ("starting", "listening", "muted", "degraded", "stopping")
_STATE_CHARACTERS = 255  # Home Assistant takes no longer state
_LATE_S = 5  # speech_ended comes so much later than the longest utterance at most


class Announcement(NamedTuple):
    """What to publish where, and the topic that says `online` whenever Home Assistant has started."""

    topic: str
    payload: bytes
    status_topic: str


def config_topic(prefix: str, device_id: str) -> str:
    """Topic of the announcement, below Home Assistant's discovery prefix."""
    return f"{prefix}/device/edge_asr_{device_id}/config"


def announcement(
    device_id: str,
    name: str,
    topic: str,
    version: str,
    longest_utterance_s: float,
    prefix: str = "homeassistant",
    status_topic: str = "homeassistant/status",
    choices: Sequence[Choice] = (),
    *,
    commands: bool = False,
) -> Announcement:
    """Announce a device whose topics begin with `topic`; a pure function, the same arguments give the same bytes.

    choices: the models that can be chosen. commands: there are sentences that mean something.
    """
    payload = {
        "dev": {"ids": [f"edge_asr_{device_id}"], "name": name, "mf": "edge_asr", "mdl": "edge_asr", "sw": version},
        "o": {"name": "edge_asr", "sw": version},
        "availability": [{"topic": f"{topic}/availability"}],
        "qos": 1,
        "cmps": {
            key: {"p": platform, "unique_id": f"edge_asr_{device_id}_{key}", **fields}
            for key, (platform, fields) in (
                _shown(topic, longest_utterance_s)
                | (_understood(topic) if commands else {})
                | _controls(topic)
                | _selections(topic, choices, MODES if commands else ())
            ).items()
        },
    }
    return Announcement(config_topic(prefix, device_id), msgspec.json.encode(payload), status_topic)


def _understood(topic: str) -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "command": (
            "event",
            {
                "name": "Command",
                "icon": "mdi:comment-check",
                "event_types": ["command", "wake", "unknown"],
                "state_topic": f"{topic}/event",
                # an empty result is no event: so all that is told there beside it
                "value_template": "{{ value if value_json.event_type in ('command', 'wake', 'unknown') else '' }}",
            },
        ),
    }


def _shown(topic: str, longest_utterance_s: float) -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "utterance": (
            "event",
            {
                "name": "Utterance",
                "icon": "mdi:account-voice",
                "event_types": ["final"],
                "state_topic": f"{topic}/final",
            },
        ),
        "text": (
            "sensor",
            {
                "name": "Last transcript",
                "icon": "mdi:text-recognition",
                "state_topic": f"{topic}/final",
                "value_template": f"{{{{ value_json.text[:{_STATE_CHARACTERS}] }}}}",
                "json_attributes_topic": f"{topic}/final",
            },
        ),
        "speech": (
            "binary_sensor",
            {
                "name": "Speech",
                "device_class": "sound",
                "state_topic": f"{topic}/event",
                # an empty result leaves the state as it is: so an error does
                "value_template": "{{ {'speech_started':'ON', 'speech_ended':'OFF'}.get(value_json.event_type, '') }}",
                "off_delay": math.ceil(longest_utterance_s) + _LATE_S,  # where the end was lost with the power
            },
        ),
        "microphone": (
            "binary_sensor",
            {
                "name": "Microphone",
                "device_class": "connectivity",
                "entity_category": "diagnostic",
                "state_topic": f"{topic}/state",
                "value_template": "{{ 'ON' if value_json.state == 'listening' else 'OFF' }}",
            },
        ),
        "state": (
            "sensor",
            {
                "name": "State",
                "device_class": "enum",
                "options": list(STATES),
                "entity_category": "diagnostic",
                "icon": "mdi:ear-hearing",
                "state_topic": f"{topic}/state",
                "value_template": "{{ value_json.state }}",
                "json_attributes_topic": f"{topic}/state",  # the reason among them
            },
        ),
        "rtf": (
            "sensor",
            {
                "name": "Real-time factor",
                "icon": "mdi:speedometer",
                "entity_category": "diagnostic",
                "state_class": "measurement",
                "state_topic": f"{topic}/load",
                "value_template": "{{ value_json.rtf }}",
            },
        ),
        "lag": (
            "sensor",
            {
                "name": "Worst lag",
                "device_class": "duration",
                "unit_of_measurement": "s",
                "entity_category": "diagnostic",
                "state_class": "measurement",
                "state_topic": f"{topic}/load",
                "value_template": "{{ value_json.lag_s }}",
            },
        ),
        "ladder": (
            "sensor",
            {
                "name": "Given up",
                "device_class": "enum",
                "options": list(get_args(RungName)),
                "entity_category": "diagnostic",
                "icon": "mdi:thermometer-alert",
                "state_topic": f"{topic}/ladder",
                "value_template": "{{ value_json.rung }}",
                "json_attributes_topic": f"{topic}/ladder",  # cause and temperature
            },
        ),
        "update": (
            "update",
            {
                "name": "Model version",
                "entity_category": "diagnostic",
                "state_topic": f"{topic}/model/update",
            },
        ),
    }


def _controls(topic: str) -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "mute": (
            "switch",
            {
                "name": "Mute",
                "icon": "mdi:microphone-off",
                "command_topic": f"{topic}/mute/set",
                "state_topic": f"{topic}/mute/state",
            },
        ),
        "sensitivity": (
            "number",
            {
                "name": "Sensitivity",
                "icon": "mdi:ear-hearing",
                "entity_category": "config",
                "command_topic": f"{topic}/sensitivity/set",
                "state_topic": f"{topic}/sensitivity/state",
                "min": LEAST,
                "max": MOST,
                "step": 1,
                "mode": "slider",
            },
        ),
        "gain": (
            "number",
            {
                "name": "Microphone volume",
                "icon": "mdi:microphone-settings",
                "entity_category": "config",
                "command_topic": f"{topic}/gain/set",
                "state_topic": f"{topic}/gain/state",
                "payload_reset": UNKNOWN,
                "min": 0,
                "max": MOST_GAIN,
                "step": 1,
                "mode": "slider",
                "unit_of_measurement": "%",
            },
        ),
        "listen": (
            "button",
            {
                "name": "Listen now",
                "icon": "mdi:microphone-message",
                "command_topic": f"{topic}/listen/set",
                "payload_press": PRESS,
            },
        ),
    }


def _selections(topic: str, choices: Sequence[Choice], modes: Sequence[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """A list without an entry is none."""
    options = {
        "model": ("Model", "mdi:brain", [choice.model for choice in choices]),
        "language": ("Language", "mdi:translate", list(dict.fromkeys(choice.language for choice in choices))),
        "mode": ("Mode", "mdi:comment-question", list(modes)),
    }
    return {
        key: (
            "select",
            {
                "name": name,
                "icon": icon,
                "entity_category": "config",
                "command_topic": f"{topic}/{key}/set",
                "state_topic": f"{topic}/{key}/state",
                "options": names,
            },
        )
        for key, (name, icon, names) in options.items()
        if names
    }
