"""systemd is asked for more time while something loads, over a real socket, and not for ever."""

from pathlib import Path

import pytest

from edge_asr.clock import SystemClock
from edge_asr.start_extension import StartExtension
from edge_asr.systemd import Notifier
from tests.fakes import HandClock
from tests.test_systemd import listening

WHAT = "loading the model en"


def test_more_time_is_asked_for_as_long_as_it_loads(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with listening(address) as server:
        extension = StartExtension(Notifier({"NOTIFY_SOCKET": address}), SystemClock(), WHAT, ask_every_s=0.01)
        with extension:
            received = [server.recv(1000) for _ in range(5)]
        assert received[0] == f"STATUS=starting: {WHAT}".encode()
        assert received[1::2] == [b"EXTEND_TIMEOUT_USEC=30000000"] * 2
        assert received[2] == f"STATUS=starting: {WHAT}, 0 s so far".encode()
    assert not extension._thread.is_alive()


def test_it_is_given_up_after_a_while(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    clock = HandClock()
    with listening(address) as server:
        extension = StartExtension(Notifier({"NOTIFY_SOCKET": address}), clock, WHAT, ask_every_s=0.01, longest_s=600)
        with extension:
            while server.recv(1000) != b"EXTEND_TIMEOUT_USEC=30000000":
                pass
            clock.advance_s(601.0)
            while server.recv(1000) != f"STATUS=starting: {WHAT} takes more than 600 s".encode():
                pass
            extension._thread.join(5.0)
            assert not extension._thread.is_alive()


def test_the_thread_is_gone_when_the_load_fails(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with listening(address):
        extension = StartExtension(Notifier({"NOTIFY_SOCKET": address}), SystemClock(), WHAT)
        with pytest.raises(MemoryError), extension:
            raise MemoryError
        assert not extension._thread.is_alive()


def test_without_systemd_there_is_no_thread() -> None:
    with StartExtension(Notifier({}), SystemClock(), WHAT) as extension:
        assert extension._thread.ident is None
