"""The example for Filebeat is YAML, and what it looks for is in our lines."""

import json
import logging
import re
from datetime import datetime
from typing import Any

import pytest
from ruamel.yaml import YAML

from edge_asr.log_lines import OWN_FIELDS, formatter
from tests.small_debian import ROOT

CONFIGURATION: dict[str, Any] = YAML(typ="safe").load((ROOT / "deploy" / "filebeat" / "filebeat.yml").read_text("utf8"))
STRPTIME = {"2006": "%Y", "01": "%m", "02": "%d", "15": "%H", "04": "%M", "05": "%S", "000": "%f"}


def steps() -> list[tuple[str, dict[str, Any]]]:
    [branch] = CONFIGURATION["processors"]
    return [(name, step) for each in branch["then"] for name, step in each.items()]


def line() -> str:
    try:
        raise ValueError("told to")  # noqa: TRY301 - a traceback is wanted
    except ValueError as error:
        information = (ValueError, error, error.__traceback__)
    values = ({"source": "usb"},)
    record = logging.LogRecord("edge_asr.report", logging.INFO, __file__, 1, "on %(source)s", values, information)
    return formatter("json", journal=False).format(record)


def filtered(text: str) -> dict[str, Any]:
    """What becomes of a line: the few processors that the example uses, as Filebeat's reference describes them."""
    event: dict[str, Any] = {"message": text}
    for name, step in steps():
        if name == "rename":
            for pair in step["fields"]:
                if pair["from"] in event and pair["to"] not in event:
                    event[pair["to"]] = event.pop(pair["from"])
        elif name == "decode_json_fields":
            [field] = step["fields"]
            event |= {f"{step['target']}.{key}": value for key, value in json.loads(event[field]).items()}
        elif name == "timestamp":
            [layout] = step["layouts"]
            form = re.sub("|".join(STRPTIME), lambda found: STRPTIME[found[0]], layout)
            event["@timestamp"] = datetime.strptime(event[step["field"]], form)  # noqa: DTZ007 - the Z is in the form
            assert all(datetime.strptime(each, form) for each in step["test"])  # noqa: DTZ007
        else:
            assert name == "drop_fields"
            for field in step["fields"]:
                del event[field]
    return event


def test_it_reads_the_service_that_is_installed() -> None:
    journal = CONFIGURATION["filebeat.inputs"][0]
    assert journal["type"] == "journald"
    [match] = journal["include_matches.match"]
    field, unit = match.split("=")
    assert field == "_SYSTEMD_UNIT"
    assert (ROOT / "systemd" / unit).is_file()


def test_each_field_of_a_line_gets_its_place() -> None:
    [branch] = CONFIGURATION["processors"]
    text = line()
    assert re.search(branch["if"]["regexp"]["message"], text)
    event = filtered(text)
    assert set(event) == {
        "@timestamp",
        "message",
        "log.level",
        "log.logger",
        "process.thread.name",
        "error.stack_trace",
        "edge_asr.source",
    }
    assert event["message"] == "on usb"
    assert event["log.level"] == "info"


def test_it_names_no_field_that_a_line_has_not() -> None:
    text = (ROOT / "deploy" / "filebeat" / "filebeat.yml").read_text("utf8")
    named = set(re.findall(r"(?<=[ [])edge_asr\.(\w+)(?=[,\]}\n])", re.sub("(?m)^#.*", "", text)))
    assert named == set(OWN_FIELDS)


@pytest.mark.parametrize("text", ["arecord: xrun!!!", "", "{}"])
def test_what_is_not_ours_is_left_alone(text: str) -> None:
    [branch] = CONFIGURATION["processors"]
    assert not re.search(branch["if"]["regexp"]["message"], text)
