"""What the command line and its processes say to each other: one line of JSON each."""

from typing import TypeVar

import msgspec
from msgspec import Struct

from edge_asr.config import Config
from edge_asr.events import Event


class Begin(Struct, frozen=True):
    """To a process, once: what it is to load, and whether partials are wanted."""

    config: Config
    partials: bool


class Hear(Struct, frozen=True):
    """To a process: the next recording."""

    path: str
    stream_id: str


class Ready(Struct, frozen=True, tag="ready"):
    """The model is loaded; what was worth a warning meanwhile."""

    warnings: list[str]


class Refused(Struct, frozen=True, tag="refused"):
    """The model could not be loaded, and the process ends."""

    message: str
    exit_code: int


class Progress(Struct, frozen=True, tag="progress"):
    """So many seconds of the recording are heard."""

    audio_s: float


class Outcome(Struct, frozen=True, tag="outcome"):
    """All of a recording, or why it failed. `warning`: a fault that was survived."""

    events: list[Event] = []
    audio_s: float = 0.0
    language: str = ""
    warning: str = ""
    error: str = ""


Answer = Ready | Refused | Progress | Outcome
T = TypeVar("T")


def as_line(message: Struct) -> bytes:
    """One message, with its line end."""
    return msgspec.json.encode(message) + b"\n"


def read_line(line: bytes, kind: type[T]) -> T:
    """The message of a line; raises msgspec.DecodeError when it is none."""
    return msgspec.json.decode(line, type=kind)
