"""What a command from afar may say: a control, and a value that is read strictly or refused with the fix."""

import re
from typing import Literal, get_args

from edge_asr.errors import CommandError
from edge_asr.sensitivity import LEAST, MOST

Control = Literal["mute", "sensitivity"]
CONTROLS: tuple[Control, ...] = get_args(Control)
PAYLOAD_BYTES = 64  # what is longer is not decoded
ON, OFF = "ON", "OFF"
_WHOLE = re.compile(r"\A[0-9]{1,3}(\.0{1,6})?\Z")  # Home Assistant's own may end in .0


def mute_said(payload: bytes) -> bool:
    """Whether to be mute. Raises CommandError."""
    text = _text("mute", payload, f"{ON} or {OFF}")
    if text.upper() not in {ON, OFF}:
        raise _refusal("mute", repr(text), f"{ON} or {OFF}")
    return text.upper() == ON


def sensitivity_said(payload: bytes) -> int:
    """How readily the gate is to open. Raises CommandError."""
    expected = f"a whole number from {LEAST} to {MOST}"
    text = _text("sensitivity", payload, expected)
    if not _WHOLE.match(text) or not LEAST <= int(text.partition(".")[0]) <= MOST:
        raise _refusal("sensitivity", repr(text), expected)
    return int(text.partition(".")[0])


def _text(control: Control, payload: bytes, expected: str) -> str:
    if len(payload) > PAYLOAD_BYTES:
        raise _refusal(control, f"a payload of {len(payload)} bytes", expected)
    try:
        return payload.decode().strip()
    except UnicodeDecodeError:
        raise _refusal(control, repr(payload)[1:], expected) from None


def _refusal(control: Control, seen: str, expected: str) -> CommandError:
    return CommandError(f"{control}/set: {seen} is refused, expected {expected} as plain text; send that")
