"""The units of the service, as they lie in the project."""

import re
from pathlib import Path

from tests.service_home import SCRIPT

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "systemd" / "edge-asr.service"
MODEL_UNIT = ROOT / "systemd" / "edge-asr-model.service"
USER_UNIT = ROOT / "systemd" / "user" / "edge-asr.service"


def directives(text: str) -> dict[str, list[str]]:
    """Values of each key of a unit, in order; a key may come more than once."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def places() -> dict[str, str]:
    """Where the script puts things: its own variables."""
    return dict(re.findall(r"^([a-z_]+)=(?:\$root)?(\S+)", SCRIPT.read_text(), re.MULTILINE))
