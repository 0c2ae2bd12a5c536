"""How a record of the log is written: key=value pairs, JSON (one line each, whatever it holds) or plain text.

A log call whose values matter names them, `log.info("listening to %(source)s", {"source": name})`: the message is made
of them, as logging does it, and they are fields of their own too.
"""

import json
import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime

from edge_asr.journal import JournalFormatter, marked, priority

OWN_FIELDS = ("time", "level", "logger", "thread", "message", "exception")  # no call may name one of these
PROSE = ("reason", "last")  # sentences for people: they stand in the message, and are no fields
Plain = str | int | float | bool | None


class TextFormatter(logging.Formatter):
    """For people alone; a traceback is many lines."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII: valid for every reader, whatever the message and its values hold."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line."""
        return json.dumps(fields_of(record), allow_nan=False)


class KeyValueFormatter(logging.Formatter):
    """`key=value` pairs as logfmt has them: in quotes where there are spaces, what cannot be seen as escapes."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line."""
        return _pairs(fields_of(record))


class JournalKeyValueFormatter(logging.Formatter):
    """The same behind its priority and without the time, which is the journal's own."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line."""
        fields = fields_of(record)
        del fields["time"]
        return marked(_pairs(fields), priority(record.levelno))


class JournalJsonFormatter(JsonFormatter):
    """JSON behind its priority, which the journal takes off again."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line."""
        return marked(super().format(record), priority(record.levelno))


def formatter(form: str, *, journal: bool) -> logging.Formatter:
    """What writes lines in the form of `log.format`; journal: whether systemd's journal reads them."""
    if form == "json":
        return JournalJsonFormatter() if journal else JsonFormatter()
    if form == "key-value":
        return JournalKeyValueFormatter() if journal else KeyValueFormatter()
    return JournalFormatter() if journal else TextFormatter()


def fields_of(record: logging.LogRecord) -> dict[str, Plain]:
    """Our own fields, then those that the call names, then the traceback if there is one."""
    time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    fields: dict[str, Plain] = {
        "time": time.removesuffix("+00:00") + "Z",
        "level": record.levelname.lower(),
        "logger": _text(record.name),
        "thread": _text(record.threadName or ""),
        "message": _text(message_of(record)),
    }
    if isinstance(record.args, Mapping):
        named = {name: value for name, value in record.args.items() if name not in (*OWN_FIELDS, *PROSE)}
        fields |= {_text(name): _plain(value) for name, value in named.items()}
    if record.exc_info:
        fields["exception"] = _text(logging.Formatter().formatException(record.exc_info))
    return fields


def message_of(record: logging.LogRecord) -> str:
    """Its message; what a wrong call says still comes out, with its values behind it."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} {record.args!r}"


def _plain(value: object) -> Plain:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # JSON knows no other
    return _text(str(value))


def _text(value: str) -> str:
    """The same without halves of characters, which a file's name may hold and no reader of UTF-8 takes."""
    return value.encode("utf-8", "backslashreplace").decode()


def _pairs(fields: Mapping[str, Plain]) -> str:
    return " ".join(f"{_bare(name)}={_quoted(value)}" for name, value in fields.items())


def _bare(name: str) -> str:
    return "".join(each if each.isalnum() or each in "_.-" else "_" for each in name)


def _quoted(value: Plain) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if value and all(each.isprintable() and each not in ' "=\\' for each in value):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in quoted)
