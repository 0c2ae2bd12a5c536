"""The port is found by a browser of multicast DNS, and lost when it closes; all of it on loopback."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from zeroconf import ServiceBrowser, ServiceListener, Zeroconf

from edge_asr.wyoming.announcer import TYPE, own_address
from tests.waiting import wait_until
from tests.wyoming.wyoming_house import opened

OURS = f"edge_asr-k1.{TYPE}"


class Found(ServiceListener):
    """What of ours is on the network now; others may be there too."""

    def __init__(self) -> None:
        self.where: dict[str, tuple[list[str], int | None]] = {}

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        service = zc.get_service_info(type_, name)
        if service is not None and name.startswith("edge_asr-k1"):
            self.where[name] = (service.parsed_addresses(), service.port)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.add_service(zc, type_, name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:  # noqa: ARG002 - the library's
        self.where.pop(name, None)


@contextmanager
def browsing() -> Iterator[Found]:
    found, zeroconf = Found(), Zeroconf(interfaces=["127.0.0.1"])
    try:
        ServiceBrowser(zeroconf, TYPE, found)
        yield found
    finally:
        zeroconf.close()


def test_it_is_found_on_the_lan_and_says_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.wyoming.announcer.own_address", lambda: "127.0.0.1")
    with browsing() as found:
        with opened(listen="lan") as house:
            wait_until(lambda: OURS in found.where, 20, "found")
            assert found.where[OURS] == (["127.0.0.1"], house.port)
        wait_until(lambda: OURS not in found.where, 20, "gone")


def test_it_asks_for_no_list_of_interfaces(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden() -> None:  # as under the service's RestrictAddressFamilies=
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr("edge_asr.wyoming.announcer.own_address", lambda: "127.0.0.1")
    monkeypatch.setattr("ifaddr.get_adapters", forbidden)
    with browsing() as found, opened(listen="lan"):
        wait_until(lambda: OURS in found.where, 20, "found")


def test_two_of_one_name_have_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.wyoming.announcer.own_address", lambda: "127.0.0.1")
    with browsing() as found, opened(listen="lan") as first:
        wait_until(lambda: OURS in found.where, 20, "the first")
        with opened(listen="lan") as second:
            wait_until(lambda: len(found.where) == 2, 20, "both")
            assert {port for _, port in found.where.values()} == {first.port, second.port}


@pytest.mark.parametrize(("listen", "zeroconf"), [("loopback", True), ("lan", False)])
def test_it_is_not_announced(monkeypatch: pytest.MonkeyPatch, listen: str, zeroconf: bool) -> None:
    asked: list[str] = []

    def address() -> str:
        asked.append("")
        return "127.0.0.1"

    monkeypatch.setattr("edge_asr.wyoming.announcer.own_address", address)
    with opened(listen=listen, zeroconf=zeroconf):
        assert asked == []


def test_a_network_that_comes_late_or_changes_is_told_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_yet() -> str:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("edge_asr.wyoming.announcer._LOOK_S", 0.1)
    monkeypatch.setattr("edge_asr.wyoming.announcer.own_address", none_yet)
    with browsing() as found, opened(listen="lan") as house:
        wait_until(lambda: "add it by hand" in caplog.text, 20, "the line")
        monkeypatch.setattr("edge_asr.wyoming.announcer.own_address", lambda: "127.0.0.2")
        wait_until(lambda: found.where.get(OURS) == (["127.0.0.2"], house.port), 20, "found")
        monkeypatch.setattr("edge_asr.wyoming.announcer.own_address", lambda: "127.0.0.1")
        wait_until(lambda: found.where.get(OURS) == (["127.0.0.1"], house.port), 20, "found anew")
    assert [record.levelno for record in caplog.records if record.name.endswith("server")] == [logging.WARNING]


def test_the_address_is_one_of_this_machine_s() -> None:
    try:
        address = own_address()
    except OSError:
        pytest.skip("this machine has no network")
    with socket.socket() as probe:
        probe.bind((address, 0))
