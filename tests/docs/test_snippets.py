"""Settings, events and names in the pages are those of the program."""

import ast
import configparser
import json
import re
import tempfile
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from edge_asr import events
from edge_asr.commands import Control
from edge_asr.config_values import KEYS, SECTIONS, check_text
from edge_asr.errors import ConfigError
from edge_asr.metrics import Metrics
from edge_asr.names import LISTS, read_names
from edge_asr.settings import load
from tests.docs.page import Page, pages
from tests.settings_files import written
from tests.small_debian import ROOT

PAGES = pages()
SCHEMA = json.loads((ROOT / "edge_asr" / "events.schema.json").read_text())
METRICS = set(re.findall(r"^# HELP (\w+)", Metrics().text(), re.MULTILINE))
_SETTING = re.compile(r"([a-z_0-9]+(?:\.[a-z_0-9]+)+)(?: = (.+))?")
_TOPIC = re.compile(r"edge_asr/[\w+<> ]+/(\w+)/set")


def faults(page: Page) -> list[str]:
    """What it shows that the program would not take, or not say."""
    found: list[str] = []
    for language, code in page.blocks:
        try:
            _check(language, code)
        except (
            ConfigError,
            ValueError,
            SyntaxError,
            YAMLError,
            configparser.Error,
            jsonschema.ValidationError,
        ) as error:
            found.append(f"{language}: {str(error).splitlines()[0]}")
    for span in page.spans:
        found += _faults_of_name(span)
    for control in _TOPIC.findall(page.text):
        if control not in get_args(Control):
            found.append(f"{control}: no such control")
    return found


def _check(language: str, code: str) -> None:
    if language == "toml":
        with tempfile.TemporaryDirectory() as folder:
            load(str(written(Path(folder), code)), [], {})
    elif language == "json":
        _check_json(json.loads(code))
    elif language == "yaml":
        YAML(typ="safe").load(code)
    elif language == "python":
        ast.parse(code)
    elif language == "ini":
        configparser.RawConfigParser(strict=False).read_string(code)
    elif language not in {"sh", "text"}:
        raise ValueError(f"{language!r}: nobody checks blocks of that kind")


def _check_json(said: dict[str, Any]) -> None:
    if "control" in said:  # what a client of the WebSocket sends
        if said["control"] not in get_args(Control):
            raise ValueError(f"{said['control']}: no such control")
        return
    if set(said) <= set(LISTS):  # what tells the names of the house
        if read_names(json.dumps(said).encode()).unfit:
            raise ValueError("one of these names cannot be said")
        return
    jsonschema.validate(said, SCHEMA)
    known = json.loads(events.encode(events.decode(json.dumps(said).encode())))
    if not _within(said, known):
        raise ValueError(f"fields that no event has: {set(said) - set(known)}")


def _within(part: object, whole: object) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and _within(value, whole[name]) for name, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(_within, part, whole))
    return part == whole


def _faults_of_name(span: str) -> list[str]:
    if match := re.fullmatch(r"(edge_asr_[a-z_]+)(\{.*\})?", span):
        name = match[1]
        known = any(name == each or name.removesuffix("_total") == each for each in METRICS)
        return [] if known else [f"{span}: no such series"]
    if re.fullmatch(r"EDGE_ASR__\w+(=\S+)?", span) and "SECTION" not in span:
        key = span.partition("=")[0].removeprefix("EDGE_ASR__").lower().replace("__", ".")
        return [] if key in KEYS else [f"{span}: no such key"]
    return _faults_of_setting(span)


def _faults_of_setting(span: str) -> list[str]:
    match = _SETTING.fullmatch(span)
    if match is None or span.endswith(".py") or match[1].split(".")[0] not in SECTIONS or match[1] in SECTIONS:
        return []  # the name of something else, or of a whole section
    if match[1] not in KEYS:
        return [f"{span}: no such key"]
    try:
        if match[2] is not None:
            check_text(KEYS[match[1]], match[2].strip('"'), span)
    except ConfigError as error:
        return [str(error)]
    return []


@pytest.mark.parametrize("each", PAGES, ids=lambda each: each.name)
def test_what_is_shown_is_so(each: Page) -> None:
    assert faults(each) == []


def test_there_is_something_to_check() -> None:
    kinds = [language for each in PAGES for language, _ in each.blocks]
    assert kinds.count("toml") >= 5
    assert kinds.count("json") >= 3


EVENT = (
    '{"event_type": "error", "device_id": "k", "emitted_at": "x", "clock_synced": true, "code": "c", "message": "m"%s}'
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```toml\n[mqtt]\nhots = 'x'\n```", "mqtt.hots: unknown key"),
        ("```toml\n[mqtt]\nport = 0\n```", "mqtt.port"),
        ("```toml\n[mqtt\n```", "not TOML"),
        ("```json\n{]\n```", "json: Expecting"),
        ("```json\n" + EVENT % ', "v": 2' + "\n```", "not valid under any"),
        ("```json\n" + EVENT % ', "loud": 2' + "\n```", "fields that no event has: {'loud'}"),
        ('```json\n{"control": "voice"}\n```', "voice: no such control"),
        ("```yaml\na: [\n```", "yaml: "),
        ("```python\nprint(\n```", "python: "),
        ("```perl\n1\n```", "nobody checks"),
        ("`mqtt.hots` is the broker.", "mqtt.hots: no such key"),
        ('Set `endpoint.profile = "slow"`.', "endpoint.profile"),
        ("Set `EDGE_ASR__MQTT__HOTS=x`.", "no such key"),
        ("Ask for `edge_asr_wordz_total`.", "no such series"),
        ("Send to `edge_asr/kitchen/mood/set`.", "mood: no such control"),
    ],
)
def test_what_is_not_so_is_found_out(text: str, said: str) -> None:
    [fault] = faults(Page(ROOT / "docs" / "made-up.md", text))
    assert said in fault


def test_what_is_right_is_left_alone() -> None:
    text = (
        "```json\n" + EVENT % "" + '\n```\n`mqtt.spool.mode = "disk"`, `edge_asr_events_dropped_total`, '
        "`edge_asr/k/mute/set`, `events.schema.json`"
    )
    assert faults(Page(ROOT / "docs" / "made-up.md", text)) == []
