"""The HTTP port as the daemon opens it, without the rest of the daemon, and a plain client."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from edge_asr.config import HttpConfig
from edge_asr.controls import Choice, Controls, ControlValues
from edge_asr.http.access import Access
from edge_asr.http.board import Board
from edge_asr.http.hub import Hub
from edge_asr.http.reach import Device, Reach
from edge_asr.http.sink import HttpSink
from edge_asr.liveness import Liveness
from edge_asr.metrics import Metrics
from tests.fakes import HandClock
from tests.guests.guest_room import Machine, made_guests
from tests.waiting import wait_until

TOKEN = "0123456789abcdef-test"
CHOICES = (Choice("en", "en-us", phrases=False), Choice("zh", "zh", phrases=False))
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class PortHouse:
    reach: Reach
    sink: HttpSink
    clock: HandClock
    machine: Machine

    @property
    def port(self) -> int:
        return self.reach.config.port

    def ask(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET", body: bytes | None = None
    ) -> Answer:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def counted(self, name: str, **labels: str) -> float:
        return self.reach.metrics.registry.get_sample_value(f"edge_asr_{name}", labels) or 0.0

    def until_open(self) -> None:
        wait_until(lambda: is_open(self.port), 20, "an open port")


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def made(config: HttpConfig, token: str | None = None, *, has_broker: bool = False) -> PortHouse:
    clock, metrics = HandClock(), Metrics()
    access = Access(token, loopback=config.listen == "loopback")
    hub, unsaid = Hub(config.keep_finals, metrics), ControlValues(mute=False, sensitivity=50)
    controls = Controls(unsaid, unsaid, metrics, CHOICES)
    board = Board(hub, has_broker=has_broker)
    machine = Machine()
    guests = made_guests(machine, config.max_streams, metrics)
    device = Device("k1", "Kitchen", "1")
    reach = Reach(config, access, board, Liveness(clock), metrics, controls, hub, device, guests)
    return PortHouse(reach, HttpSink(reach), clock, machine)


@contextmanager
def opened(token: str | None = None, *, has_broker: bool = False, **settings: Any) -> Iterator[PortHouse]:
    config = HttpConfig(**{"listen": "loopback", "port": free_port(), **settings})
    house = made(config, token, has_broker=has_broker)
    house.sink.start()
    try:
        house.until_open()
        yield house
    finally:
        house.sink.stop(5.0)
