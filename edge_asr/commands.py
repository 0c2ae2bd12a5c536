"""What a command from afar may say: a control, and a value that is read strictly or refused with the fix."""

import codecs
import re
from typing import Literal, NamedTuple, get_args

from edge_asr.config import CommandsMode
from edge_asr.errors import CommandError
from edge_asr.sensitivity import LEAST, MOST

Control = Literal["mute", "sensitivity", "gain", "model", "language", "listen", "hotwords", "mode", "commands"]
CONTROLS: tuple[Control, ...] = get_args(Control)
MODES: tuple[CommandsMode, ...] = get_args(CommandsMode)
PAYLOAD_BYTES = 64  # what is longer is not decoded ...
PHRASES_BYTES = 4096  # ... but for phrases
SENTENCES_BYTES = 65_536  # ... and sentences
ON, OFF, PRESS = "ON", "OFF", "PRESS"
MOST_GAIN = 150  # percent; above 100 a sound server amplifies, with all of the noise
LONGEST_LISTEN_S = 60
_MOST_PHRASES = 200
_PHRASE_CHARACTERS = 100
_LAYOUT = "\n\r\t\u3000\xa0"  # beside what can be printed; the last two are spaces
_WHOLE = re.compile(r"\A[0-9]{1,3}(\.0{1,6})?\Z")  # Home Assistant's own may end in .0


class Reply(NamedTuple):
    """Where the sender wants to hear what became of a command, and what tells it which: by the way that it came.

    In MQTT that is a topic, and 5 alone has it; on the HTTP port it is one of the connections.
    """

    topic: str
    correlation: bytes | None
    way: Literal["mqtt", "http"] = "mqtt"


def mute_said(payload: bytes) -> bool:
    """Whether to be mute. Raises CommandError."""
    text = _text("mute", payload, f"{ON} or {OFF}")
    if text.upper() not in {ON, OFF}:
        raise refusal("mute", repr(text), f"{ON} or {OFF}")
    return text.upper() == ON


def sensitivity_said(payload: bytes) -> int:
    """How readily the gate is to open. Raises CommandError."""
    return _whole("sensitivity", payload, LEAST, MOST)


def gain_said(payload: bytes) -> int:
    """Volume of the microphone in percent, 100 for what its hardware gives. Raises CommandError."""
    return _whole("gain", payload, 0, MOST_GAIN)


def listen_said(payload: bytes) -> int | None:
    """For how many seconds to listen without waiting for a voice; None: for the usual time. Raises CommandError."""
    if payload.strip().upper() == PRESS.encode():
        return None
    return _whole("listen", payload, 1, LONGEST_LISTEN_S, f"{PRESS}, or ")


def name_said(control: Control, payload: bytes, known: tuple[str, ...]) -> str:
    """One of `known`, however it is cased. Raises CommandError."""
    expected = f"one of {', '.join(known)}" if known else "nothing: there is none to choose"
    text = _text(control, payload, expected)
    for name in (name for name in known if name.lower() == text.lower()):
        return name
    raise refusal(control, repr(text), expected)


def hotwords_said(payload: bytes) -> tuple[str, ...]:
    """Phrases to listen for, one a line, each with a bonus behind it if wanted; none: as configured.

    Raises CommandError.
    """
    expected = f"at most {_MOST_PHRASES} phrases of at most {_PHRASE_CHARACTERS} characters, one a line,"
    text = _text("hotwords", payload, expected, PHRASES_BYTES)
    phrases = tuple(" ".join(line.split()) for line in text.split("\n") if line.strip())
    for phrase in phrases:
        if len(phrase) > _PHRASE_CHARACTERS or not phrase.isprintable() or phrase.startswith(("#", ":")):
            raise refusal("hotwords", repr(phrase[:_PHRASE_CHARACTERS]), expected)
    if len(phrases) > _MOST_PHRASES:
        raise refusal("hotwords", f"a list of {len(phrases)}", expected)
    return phrases


def sentences_said(payload: bytes) -> str:
    """Sentences as somebody wrote them, a plain list or YAML; none: those of the configuration. Raises CommandError.

    What they mean is looked at where they are put together.
    """
    expected = f"a list of sentences, or YAML, of at most {SENTENCES_BYTES} bytes,"
    payload = payload.removeprefix(codecs.BOM_UTF8)  # of a file that some editors have written
    empty = not _text("commands", payload, expected, SENTENCES_BYTES)
    text = payload.decode()
    for letter in (letter for letter in text if not letter.isprintable() and letter not in _LAYOUT):
        raise refusal("commands", f"the character {letter!r} in it", expected)
    return "" if empty else text


def refusal(control: Control, seen: str, expected: str) -> CommandError:
    """Fault of a command whose value is not to be understood."""
    return CommandError(f"{control}/set: {seen} is refused, expected {expected} as plain text; send that")


def _whole(control: Control, payload: bytes, least: int, most: int, before: str = "") -> int:
    expected = f"{before}a whole number from {least} to {most}"
    text = _text(control, payload, expected)
    if not _WHOLE.match(text) or not least <= int(text.partition(".")[0]) <= most:
        raise refusal(control, repr(text), expected)
    return int(text.partition(".")[0])


def _text(control: Control, payload: bytes, expected: str, most_bytes: int = PAYLOAD_BYTES) -> str:
    if len(payload) > most_bytes:
        raise refusal(control, f"a payload of {len(payload)} bytes", expected)
    try:
        return payload.decode().strip()
    except UnicodeDecodeError:
        raise refusal(control, repr(payload[:PAYLOAD_BYTES])[1:], expected) from None
