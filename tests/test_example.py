"""The example configuration is whole, explained and right."""

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from edge_asr.config import Config
from edge_asr.config_values import KEYS
from edge_asr.settings import load
from tests.settings_files import written

EXAMPLE = resources.files("edge_asr").joinpath("example.toml").read_text(encoding="utf-8")
UNSET = re.compile(r"^# (\w+ = .+)$", re.MULTILINE)  # a key whose default is none, with a value that it may have


def leaves(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def test_the_example_is_the_defaults(tmp_path: Path) -> None:
    document = leaves(tomllib.loads(EXAMPLE))
    assert document == {name: key.default for name, key in KEYS.items() if key.default is not None}
    assert load(str(written(tmp_path, EXAMPLE)), [], {}) == Config()


def test_the_example_has_every_key_and_its_values_are_taken(tmp_path: Path) -> None:
    whole = UNSET.sub(r"\1", EXAMPLE)
    assert set(leaves(tomllib.loads(whole))) == set(KEYS)
    load(str(written(tmp_path, whole.replace("enabled = false", "enabled = true"))), [], {})


def test_every_key_of_the_example_is_explained() -> None:
    lines = EXAMPLE.splitlines()
    for index, line in enumerate(lines):
        if re.match(r"(# )?\w+ = ", line):
            above = lines[index - 1]
            assert above.startswith("# "), line
