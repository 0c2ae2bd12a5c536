"""One value for each control, and how it is told."""

from typing import NamedTuple

from msgspec import Struct

from edge_asr.commands import OFF, ON, Control

UNKNOWN = "unknown"


class ControlValues(Struct, frozen=True):
    """One value for each control: as it is wanted, or as it is in force."""

    mute: bool
    sensitivity: int
    gain: int | None = None  # percent; None: whatever the sound system has, or not known
    model: str = ""  # the bundle; what is wanted of the language is in it too
    hotwords: tuple[str, ...] = ()  # none: as configured
    language: str = ""  # in force: the model's
    listening: bool = False  # in force: whether it listens without waiting for a voice
    mode: str = ""  # what is listened for, one of MODES; empty: there are no sentences, and nothing to choose
    sentences: str = ""  # in place of the configured ones, as somebody wrote them; in force they are not told
    commands: str = ""  # in force: what is known of the sentences that are listened for, as JSON


def shown(control: Control, values: ControlValues) -> str:
    """What is in force of a control, as it is told on its topic."""
    texts: dict[Control, str] = {
        "mute": ON if values.mute else OFF,
        "sensitivity": str(values.sensitivity),
        "gain": UNKNOWN if values.gain is None else str(values.gain),
        "model": values.model,
        "language": values.language,
        "listen": ON if values.listening else OFF,
        "hotwords": "\n".join(values.hotwords),
        "mode": values.mode,
        "commands": values.commands,
    }
    return texts[control]


class Choice(NamedTuple):
    """A bundle that could be listened with.

    phrases: whether it can be told phrases to listen for; sentences: whether it can hear sentences as commands.
    """

    model: str
    language: str
    phrases: bool
    sentences: bool = False
