"""Lines as systemd's journal takes them: each begins with its priority, see sd-daemon(3)."""

import logging
import os
import sys
from collections.abc import Mapping
from typing import TextIO

_ERROR, _WARNING, _INFO, _DEBUG = 3, 4, 6, 7  # syslog(3); what is worse than an error ends us, and is one


def leads_to_journal(stream: TextIO | None, environment: Mapping[str, str] | None = None) -> bool:
    """Whether what is written there is read by the journal, which $JOURNAL_STREAM names by device and inode."""
    named = (os.environ if environment is None else environment).get("JOURNAL_STREAM", "")
    try:
        if stream is None or not named:
            return False
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return named == f"{status.st_dev}:{status.st_ino}"


class JournalFormatter(logging.Formatter):
    """Puts the priority before every line of a record, a traceback's too; the time is the journal's own."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record's lines."""
        return marked(super().format(record), priority(record.levelno))


def complain(text: str) -> None:
    """Write what ends the program to standard error; an error where the journal reads it."""
    print(marked(text, _ERROR) if leads_to_journal(sys.stderr) else text, file=sys.stderr)


def priority(level: int) -> int:
    """What syslog(3) calls a level of logging."""
    if level >= logging.ERROR:
        return _ERROR
    if level >= logging.WARNING:
        return _WARNING
    return _INFO if level >= logging.INFO else _DEBUG


def marked(text: str, number: int) -> str:
    """The text with that priority before each of its lines."""
    return "\n".join(f"<{number}>{line}" for line in text.splitlines())
