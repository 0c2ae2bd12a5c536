"""What systemd is told, over a real socket."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_asr.systemd import Notifier, watchdog_interval_s


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(address)
        server.settimeout(5.0)
        yield server


@pytest.mark.parametrize("abstract", [False, True])
def test_each_state_is_sent(abstract: bool, tmp_path: Path) -> None:
    name = f"edge-asr-test-{os.getpid()}"
    address = f"\0{name}" if abstract else str(tmp_path / "notify")
    with listening(address) as server:
        notifier = Notifier({"NOTIFY_SOCKET": f"@{name}" if abstract else address})
        assert notifier.present
        notifier.ready()
        notifier.status("listening\nto  the kitchen")
        notifier.watchdog()
        notifier.extend_timeout(1.5)
        notifier.stopping()
        received = [server.recv(1000) for _ in range(5)]
    assert received[:3] == [b"READY=1", b"STATUS=listening to the kitchen", b"WATCHDOG=1"]
    assert received[3:] == [b"EXTEND_TIMEOUT_USEC=1500000", b"STOPPING=1"]


def test_the_environment_of_the_process_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with listening(str(tmp_path / "notify")) as server:
        Notifier().ready()
        assert server.recv(100) == b"READY=1"


def test_nothing_happens_without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier()
    assert not notifier.present
    notifier.ready()


def test_a_socket_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).watchdog()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_how_often_the_watchdog_wants_to_hear(variables: dict[str, str], expected: float | None) -> None:
    assert watchdog_interval_s(variables) == expected
