"""What arrives, as lines for a person: partials rewrite one line in place, finals stay."""

import shutil
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TextIO

from edge_asr.demo.subscriber import Notice, Received
from edge_asr.events import ErrorEvent, FinalEvent, PartialEvent, StateReport

_ERASE = "\r\x1b[K"
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
_WIDTH = 80


def is_live(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether lines can be rewritten: a terminal that knows the control codes."""
    return stream.isatty() and environment.get("TERM", "") not in {"", "dumb"}


def terminal_width() -> int:
    """Columns of the terminal, 80 where there is none."""
    return shutil.get_terminal_size((_WIDTH, 24)).columns


class Screen:
    """Lines on a stream. One thread.

    live: partials are shown, in place. colour: they are dimmed. devices: each line names its device.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        live: bool,
        colour: bool = False,
        devices: bool = False,
        width: Callable[[], int] = terminal_width,
    ) -> None:
        self._stream = stream
        self._live = live
        self._colour = live and colour
        self._devices = devices
        self._width = width
        self._pending = False  # a partial stands on the last line
        self._said: dict[str, str] = {}  # newest state line of each device

    def say(self, text: str) -> None:
        """One line that stays."""
        self._erase()
        self._stream.write(printable(text) + "\n")
        self._stream.flush()

    def show(self, message: Received | Notice) -> None:
        """One message of the broker, if it is for people."""
        if isinstance(message, Notice):
            self.say(message.text)
            return
        device_id, body = message.device_id, message.body
        if isinstance(body, PartialEvent):
            self._partial(device_id, body)
        elif isinstance(body, FinalEvent):
            if body.text:
                self.say(_columns(_local_time(body.emitted_at), _seconds(body), self._named(device_id, body.text)))
        elif isinstance(body, ErrorEvent):
            self.say(_columns(_local_time(body.emitted_at), "error", self._named(device_id, body.message)))
        elif isinstance(body, StateReport):
            self._state(device_id, _state_text(body))
        elif body == "offline":
            self._state(device_id, "offline")

    def close(self) -> None:
        """Take the unfinished line away."""
        self._erase()
        self._stream.flush()

    def _partial(self, device_id: str, event: PartialEvent) -> None:
        if not self._live or not event.text:
            return
        start = _columns("", "...", self._named(device_id, ""))
        # One column stays free: a terminal wraps when the last one is written.
        line = start + fit_end(printable(event.text), self._width() - len(start) - 1)
        self._stream.write(_ERASE + (f"{_DIM}{line}{_PLAIN}" if self._colour else line))
        self._stream.flush()
        self._pending = True

    def _state(self, device_id: str, text: str) -> None:
        if self._said.get(device_id) != text:
            self._said[device_id] = text
            self.say(self._named(device_id, text) if self._devices else text)

    def _named(self, device_id: str, text: str) -> str:
        return f"{printable(device_id)}: {text}" if self._devices else text

    def _erase(self) -> None:
        if self._pending:
            self._stream.write(_ERASE)
            self._pending = False


def printable(text: str) -> str:
    """Text without control characters: what comes from a broker must not steer a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def fit_end(text: str, columns: int) -> str:
    """The end of `text`, where the newest words are, in at most `columns` columns; wide characters take two."""
    if sum(map(_columns_of, text)) <= columns:
        return text
    kept: list[str] = []
    left = columns - 1  # for the ellipsis
    for character in reversed(text):
        left -= _columns_of(character)
        if left < 0:
            break
        kept.append(character)
    return "\N{HORIZONTAL ELLIPSIS}" + "".join(reversed(kept)) if columns > 0 else ""


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _columns(time: str, middle: str, text: str) -> str:
    return f"{time:8}  {middle:>6}  {text}"


def _seconds(event: FinalEvent) -> str:
    latency_ms = event.latency_ms.finalization
    return "" if latency_ms is None else f"{latency_ms / 1000:.2f} s"


def _local_time(emitted_at: str) -> str:
    try:
        return datetime.fromisoformat(emitted_at).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return ""


def _state_text(report: StateReport) -> str:
    if report.state == "listening":
        return f"listening to {report.microphone or 'the microphone'}, model {report.model}"
    return f"{report.state}: {report.reason}" if report.reason else report.state
