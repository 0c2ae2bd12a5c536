"""What the journal is given: a priority before each line, and only where the journal reads."""

import io
import logging
import os
import sys
from pathlib import Path

import pytest

from edge_asr.journal import JournalFormatter, complain, leads_to_journal


def record(level: int, text: str, fault: BaseException | None = None) -> logging.LogRecord:
    information = None if fault is None else (type(fault), fault, fault.__traceback__)
    return logging.LogRecord("edge_asr.room", level, __file__, 1, text, None, information)


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.CRITICAL, 3), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7)],
)
def test_each_level_has_its_priority(level: int, priority: int) -> None:
    name = logging.getLevelName(level)
    assert JournalFormatter().format(record(level, "well")) == f"<{priority}>{name} edge_asr.room: well"


def test_every_line_of_a_traceback_has_it() -> None:
    with pytest.raises(ValueError, match="invalid literal") as fault:
        int("two\nlines\n")
    lines = JournalFormatter().format(record(logging.ERROR, "the sink failed", fault.value)).splitlines()
    assert len(lines) > 3
    assert all(line.startswith("<3>") for line in lines)


def test_only_the_stream_that_is_named_leads_to_the_journal(tmp_path: Path) -> None:
    with (tmp_path / "one").open("w") as one, (tmp_path / "two").open("w") as two:
        status = os.fstat(one.fileno())
        variables = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        assert leads_to_journal(one, variables)
        assert not leads_to_journal(two, variables)  # `2>file` of somebody whose shell is a service
        assert not leads_to_journal(one, {})
        assert not leads_to_journal(None, variables)
        assert not leads_to_journal(io.StringIO(), variables)


def test_what_ends_the_program_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "log").open("w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        complain("edge-asr: no")
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        complain("edge-asr: still no")
    assert (tmp_path / "log").read_text() == "edge-asr: no\n<3>edge-asr: still no\n"
