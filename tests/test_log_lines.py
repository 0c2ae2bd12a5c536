"""The log's lines can be read back, whatever a record holds."""

import ast
import json
import logging
import math
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_asr.log_lines import OWN_FIELDS, fields_of, formatter
from tests.small_debian import ROOT

ANY_TEXT = st.text(st.characters(categories=None))  # halves of characters, line ends and what cannot be seen too
FORMS = ("key-value", "json")
PAIR = re.compile(r'([\w.-]+)=("(?:[^"\\]|\\.)*"|[^" ]*)(?: |$)')


def record(
    text: object, *values: object, level: int = logging.WARNING, fault: BaseException | None = None
) -> logging.LogRecord:
    information = None if fault is None else (type(fault), fault, fault.__traceback__)
    return logging.LogRecord("edge_asr.room", level, __file__, 1, text, values, information)


def read_back(line: str, form: str) -> dict[str, object]:
    """As a program reads it that knows no more than the form."""
    if form == "json":
        fields = json.loads(line)
        assert isinstance(fields, dict)
        return fields
    assert PAIR.sub("", line) == ""
    return {name: json.loads(text) if text.startswith('"') else text for name, text in PAIR.findall(line)}


@pytest.mark.parametrize("form", FORMS)
def test_a_line_says_when_how_bad_where_and_what(form: str) -> None:
    fields = read_back(formatter(form, journal=False).format(record("it is %d late", 3)), form)
    assert list(fields) == ["time", "level", "logger", "thread", "message"]
    assert fields["level"] == "warning"
    assert fields["logger"] == "edge_asr.room"
    assert fields["thread"] == "MainThread"
    assert fields["message"] == "it is 3 late"
    time = str(fields["time"])
    assert time.endswith("Z")
    assert datetime.fromisoformat(time).utcoffset() == timedelta(0)


def test_values_that_a_call_names_are_fields_with_their_types() -> None:
    values = {
        "source": "a mic",
        "lag_s": 1.25,
        "lost": 3,
        "muted": True,
        "rung": None,
        "path": Path("/x"),
        "bad": math.nan,
    }
    said = record("%(source)s is %(lag_s).1f s behind", values)
    fields = json.loads(formatter("json", journal=False).format(said))
    assert fields["message"] == "a mic is 1.2 s behind"
    assert {name: fields[name] for name in values} == {**values, "path": "/x", "bad": None}
    pairs = formatter("key-value", journal=False).format(said)
    assert pairs.endswith('source="a mic" lag_s=1.25 lost=3 muted=true rung=null path=/x bad=null')


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine it may be slow
@given(text=ANY_TEXT, name=ANY_TEXT.filter(bool), value=ANY_TEXT | st.floats() | st.integers() | st.binary())
def test_it_is_one_line_that_can_be_read_whatever_it_holds(form: str, text: str, name: str, value: object) -> None:
    for said in (record(text), record("%s", text), record("said", {name: value}), record(text, value)):
        for journal in (False, True):
            line = formatter(form, journal=journal).format(said)
            assert line.splitlines() == [line]
            line.encode("ascii" if form == "json" else "utf8")
            fields = read_back(line.removeprefix("<4>"), form)
            assert set(OWN_FIELDS) - {"exception", "time"} <= set(fields)
            if said.msg == "%s" and text.isprintable():
                assert fields["message"] == text


@pytest.mark.parametrize("form", FORMS)
def test_a_traceback_is_in_the_line(form: str) -> None:
    with pytest.raises(ValueError, match="invalid literal") as fault:
        int("two\nlines")
    line = formatter(form, journal=False).format(record("failed", fault=fault.value))
    said = str(read_back(line, form)["exception"])
    assert said.startswith("Traceback")
    assert said.endswith("'two\\nlines'")


@pytest.mark.parametrize("form", FORMS)
def test_a_wrong_call_still_comes_out(form: str) -> None:
    line = formatter(form, journal=False).format(record("%d of %d", "three"))
    assert read_back(line, form)["message"] == "%d of %d ('three',)"


def test_no_value_takes_the_place_of_our_own() -> None:
    fields = fields_of(record("well", {"level": "none", "time": "never", "more": 1}))
    assert fields["level"] == "warning"
    assert fields["time"] != "never"
    assert fields["more"] == 1


def test_a_sentence_is_said_once() -> None:
    fields = fields_of(record("not listening: %(reason)s", {"status": "lost", "reason": "no microphone; plug one in"}))
    assert fields["message"] == "not listening: no microphone; plug one in"
    assert fields["status"] == "lost"
    assert "reason" not in fields


def test_the_journal_has_its_priority_and_its_own_time() -> None:
    line = formatter("key-value", journal=True).format(record("well", level=logging.ERROR))
    assert line == "<3>level=error logger=edge_asr.room thread=MainThread message=well"
    assert formatter("json", journal=True).format(record("well", level=logging.ERROR)).startswith('<3>{"time": ')
    assert formatter("text", journal=True).format(record("well")) == "<4>WARNING edge_asr.room: well"
    assert formatter("text", journal=False).format(record("well")).endswith(" WARNING edge_asr.room: well")


def named_values() -> dict[str, set[str]]:
    """Names in the messages of every log call of the program, by file."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "edge_asr").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            is_log = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and "log" in ast.unparse(node.func.value)
            )
            if is_log:
                assert isinstance(node, ast.Call)
                names = {name for each in node.args for name in re.findall(r"%\((\w+)\)", ast.unparse(each))}
                found.setdefault(str(path.relative_to(ROOT)), set()).update(names)
    return found


def test_no_call_of_the_program_names_one_of_our_own() -> None:
    names = named_values()
    assert {"source", "lag_s", "dropped_s", "reason"} <= set().union(*names.values())
    assert {path: taken & set(OWN_FIELDS) for path, taken in names.items() if taken & set(OWN_FIELDS)} == {}
