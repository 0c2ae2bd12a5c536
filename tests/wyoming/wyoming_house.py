"""The Wyoming port as the daemon opens it, without the rest of the daemon, and the library's own client."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event

from edge_asr.asr.manifest import Manifest, SileroManifest
from edge_asr.config import WyomingConfig
from edge_asr.metrics import Metrics
from edge_asr.wyoming.reach import WyomingReach
from edge_asr.wyoming.sink import WyomingSink
from tests.fakes import hush, tone
from tests.guests.guest_room import Machine, made_guests
from tests.http.port_house import free_port, is_open
from tests.waiting import wait_until

MANIFEST = SileroManifest("loud", "xx", "Hears loudness", "3", "Apache-2.0", "loud==3", 16_000, {}, 1, 512, 64)
SPEECH = np.concatenate([hush(0.5), tone(1.0), hush(1.5)])
START = AudioStart(16_000, 2, 1).event()
LAST = frozenset({"transcript-stop", "error"})


@dataclass
class WyomingHouse:
    reach: WyomingReach
    sink: WyomingSink
    machine: Machine

    @property
    def port(self) -> int:
        return self.reach.config.port

    def counted(self, name: str, **labels: str) -> float:
        return self.reach.metrics.registry.get_sample_value(f"edge_asr_{name}", labels) or 0.0

    def answers(self, outcome: str) -> float:
        return self.counted("wyoming_answers_total", outcome=outcome)

    def until_nobody_is_heard(self) -> None:
        wait_until(lambda: self.reach.guests.reception.quiet(0), 10, "all guests gone")


@contextmanager
def opened(
    most: int | None = None, manifest: Callable[[str], Manifest] = lambda _: MANIFEST, **settings: Any
) -> Iterator[WyomingHouse]:
    machine, metrics = Machine(), Metrics()
    config = WyomingConfig(**{"listen": "loopback", "port": free_port(), **settings})
    guests = made_guests(machine, most, metrics)
    reach = WyomingReach(config, "k1", "Kitchen ears", "1", guests, metrics, manifest)
    house = WyomingHouse(reach, WyomingSink(reach), machine)
    house.sink.start()
    try:
        wait_until(lambda: is_open(config.port), 20, "an open port")
        yield house
    finally:
        house.sink.stop(5.0)


@asynccontextmanager
async def joined(port: int) -> AsyncIterator[AsyncTcpClient]:
    async with AsyncTcpClient("127.0.0.1", port, connect_timeout=10, read_timeout=20) as client:
        yield client


async def speak(
    client: AsyncTcpClient, pcm: bytes, rate: int = 16_000, width: int = 2, channels: int = 1, step_bytes: int = 2048
) -> None:
    """All of it, as fast as it is taken."""
    await client.write_event(AudioStart(rate, width, channels).event())
    for begin in range(0, len(pcm), step_bytes):
        chunk = AudioChunk(rate, width, channels, pcm[begin : begin + step_bytes])
        await client.write_event(chunk.event())
    await client.write_event(AudioStop().event())


async def answers(client: AsyncTcpClient) -> list[Event]:
    """All that comes until the last of an audio, or the end of the connection."""
    found: list[Event] = []
    while (event := await client.read_event()) is not None:
        found.append(event)
        if event.type in LAST:
            break
    return found


async def read(client: AsyncTcpClient) -> Event:
    event = await client.read_event()
    assert event is not None
    return event


def typed(found: list[Event]) -> list[str]:
    return [event.type for event in found]


async def told(house: WyomingHouse, *events: Event) -> list[Event]:
    """What comes back to these, on a connection of their own."""
    async with joined(house.port) as client:
        for event in events:
            await client.write_event(event)
        return await answers(client)


async def refused(house: WyomingHouse, code: str, *events: Event) -> str:
    """Text of the refusal, which is the last that comes; the connection ends with it."""
    async with joined(house.port) as client:
        for event in events:
            await client.write_event(event)
        found = await answers(client)
        assert typed(found) == ["error"]
        assert found[0].data["code"] == code
        assert await client.read_event() is None
        return str(found[0].data["text"])


def done(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do it in a loop of its own, for a minute at most."""
    asyncio.run(asyncio.wait_for(work(), 60))
