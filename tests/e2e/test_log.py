"""The real daemon's log in each form, at its most talkative: it can be read, and says nothing of what was said."""

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from edge_asr.demo.broker import Broker
from edge_asr.demo.sample import sample
from tests.e2e.test_daemon_sources import PROGRAM
from tests.http.port_house import free_port
from tests.test_log_lines import read_back
from tests.waiting import wait_until

pytestmark = [pytest.mark.bundle, pytest.mark.broker]
OUR_WORDS = 4  # letters; shorter ones are in other words


def finals(lines: Path) -> list[str]:
    events = [json.loads(line) for line in lines.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [event["text"] for event in events if event["event_type"] == "final" and event["text"]]


def words(texts: list[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"\w+", text.lower()) if len(word) > OUR_WORDS}


@pytest.mark.parametrize("form", ["key-value", "json", "text"])
def test_what_was_said_is_in_no_line_of_the_log(form: str, tmp_path: Path, broker: Broker) -> None:
    lines, log = tmp_path / "lines", tmp_path / "log"
    settings = [
        f"log.format={form}",
        "log.level=debug",
        f"audio.source=file:{sample()[0]}",
        f"mqtt.port={broker.port}",
        "mqtt.host=127.0.0.1",
        "jsonl.path=-",
        "jsonl.partials=true",
        "http.listen=loopback",
        f"http.port={free_port()}",
    ]
    (tmp_path / "empty.toml").touch()
    command = [*PROGRAM, "run", "--config", str(tmp_path / "empty.toml")]
    command += [word for setting in settings for word in ("--set", setting)]
    with lines.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            wait_until(lambda: "has ended" in log.read_text() and bool(finals(lines)), 90.0, "its end")
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10.0) == 0
    said, written = words(finals(lines)), log.read_text()
    assert len(said) > 5
    about_us = words([re.sub(r"[^a-z]", " ", line.lower()) for line in (written,)])
    assert said & about_us == set()
    for line in written.splitlines():
        if form != "text":
            fields = read_back(line, form)
            assert {"time", "level", "logger", "thread", "message"} <= set(fields)
    assert "listening to" in written
    assert "stopping on SIGTERM" in written


def test_what_ends_it_is_a_line_of_json_too(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").touch()
    settings = ["log.format=json", "models.bundle=none", f"models.dir={tmp_path}"]
    command = [*PROGRAM, "run", "--config", str(tmp_path / "empty.toml")]
    command += [word for setting in settings for word in ("--set", setting)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 78
    [line] = done.stderr.splitlines()
    assert json.loads(line)["level"] == "critical"
    assert "models add none" in json.loads(line)["message"]
