"""SIGTERM ends the daemon within three seconds and the words get out, whatever the broker does."""

import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from edge_asr.demo.daemon import DAEMON, Daemon
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample
from tests.black_hole import black_hole
from tests.e2e.conftest import House
from tests.waiting import wait_until

pytestmark = [pytest.mark.pulse, pytest.mark.broker, pytest.mark.bundle]
PROMISED_S = 3.0

# A name server that does not answer holds a look-up for many seconds; nothing in the process can cut it short.
HANGING_LOOK_UPS = (
    "import socket, sys, threading; socket.getaddrinfo = lambda *a, **k: threading.Event().wait(); "
    "from edge_asr.cli.main import main; sys.exit(main())"
)


def terminate(daemon: Daemon) -> None:
    """End it in good order and in time."""
    began = time.monotonic()
    daemon.terminate()
    wait_until(lambda: daemon.exit_code() is not None, 10, "the end of the daemon")
    assert time.monotonic() - began < PROMISED_S
    assert daemon.exit_code() == 0


def test_sigterm_ends_the_sentence_and_says_goodbye(house: House) -> None:
    player = house.server.play(sample()[0])
    wait_until(lambda: house.listener.of("partial"), 10, "a partial")
    player.kill()
    player.wait()
    terminate(house.daemon)
    wait_until(lambda: house.listener.of("availability")[-1].body["text"] == "offline", 5, "offline")
    [final] = house.listener.of("final")
    assert final.body["end_reason"] == "shutdown"
    assert final.body["truncated"] is True


def test_a_suspended_broker_does_not_hold_it_up_and_reads_the_rest_when_it_wakes(house: House) -> None:
    player = house.server.play(sample()[0])
    try:
        wait_until(lambda: house.listener.of("partial"), 10, "a partial")
        house.broker.suspend()
        terminate(house.daemon)
    finally:
        player.kill()
        player.wait()
        house.broker.resume()
    wait_until(lambda: house.listener.of("availability")[-1].body["text"] == "offline", 5, "offline")
    assert [final.body["end_reason"] for final in house.listener.of("final")] == ["shutdown"]


@pytest.mark.parametrize(
    "command", [DAEMON, (sys.executable, "-c", HANGING_LOOK_UPS, "run")], ids=["connection", "look-up"]
)
def test_a_broker_that_cannot_be_reached_does_not_hold_it_up(command: Sequence[str], tmp_path: Path) -> None:
    empty, lines = tmp_path / "empty.toml", tmp_path / "events.jsonl"
    empty.touch()

    def events(kind: str) -> list[Any]:
        heard = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
        return [event for event in heard if event["event_type"] == kind]

    with ExitStack() as stack:
        port = stack.enter_context(black_hole())
        server = stack.enter_context(PulseServer())
        settings = ("mqtt.host=127.0.0.1", f"mqtt.port={port}", f"jsonl.path={lines}", "jsonl.partials=true")
        words = ["--config", str(empty), *(word for setting in settings for word in ("--set", setting))]
        daemon = stack.enter_context(Daemon(words, server.environment(), show_log=True, command=command))
        wait_until(lambda: server.pactl("list", "short", "source-outputs"), 20, "the daemon listens")
        player = server.play(sample()[0])
        stack.callback(player.wait)
        stack.callback(player.kill)
        wait_until(lambda: events("partial"), 10, "a partial")
        terminate(daemon)
        assert [final["end_reason"] for final in events("final")] == ["shutdown"]
