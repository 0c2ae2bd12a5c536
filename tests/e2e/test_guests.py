"""Eight who speak over the network while somebody speaks in the room."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import soundfile

from edge_asr.demo.sample import sample
from tests.e2e.conftest import FIRST_PASS, House, started
from tests.http.port_house import free_port, is_open
from tests.waiting import wait_until

pytestmark = [pytest.mark.pulse, pytest.mark.broker, pytest.mark.bundle]
_STREAMS = 8


@dataclass
class Heard:
    texts: list[str] = field(default_factory=list)
    refused: str = ""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def talking(tmp_path: Path, port: int) -> Iterator[House]:
    with ExitStack() as stack:
        http = ("http.listen=loopback", f"http.port={port}", f"http.max_streams={_STREAMS}")
        house = started(stack, tmp_path, *FIRST_PASS, *http)
        house.until_listening()
        wait_until(lambda: is_open(port), 20, "an open port")  # it may come a little later
        yield house


async def spoken(port: int, path: Path) -> Heard:
    """One who speaks at the pace of speech."""
    samples, rate_hz = soundfile.read(path, dtype="int16")
    heard, step = Heard(), rate_hz // 10
    async with aiohttp.ClientSession() as session:
        try:
            async with session.ws_connect(f"http://127.0.0.1:{port}/v1/stream") as socket:
                await socket.send_json({"sample_rate": rate_hz})
                began = time.monotonic()
                for number, begin in enumerate(range(0, len(samples), step)):
                    await asyncio.sleep(max(0.0, began + number / 10 - time.monotonic()))
                    await socket.send_bytes(samples[begin : begin + step].tobytes())
                await socket.send_json({"end": True})
                async for message in socket:
                    _take(json.loads(message.data), heard)
        except aiohttp.WSServerHandshakeError as error:
            if error.status != 503:
                raise
            heard.refused = "at the door"
    return heard


def _take(frame: dict[str, Any], heard: Heard) -> None:
    if frame["topic"] == "final":
        heard.texts.append(frame["payload"]["text"])
    elif frame["topic"] == "error":
        assert frame["payload"]["code"] == "busy"
        heard.refused = frame["payload"]["message"]


async def lag_s(port: int, session: aiohttp.ClientSession) -> float:
    answer = await session.get(f"http://127.0.0.1:{port}/metrics")
    line = next(line for line in (await answer.text()).splitlines() if line.startswith("edge_asr_lag_seconds "))
    return float(line.split()[1])


def test_each_gets_its_text_and_the_microphone_is_not_disturbed(talking: House, port: int) -> None:
    files = sample()
    lags: list[float] = []

    async def alone() -> str:
        return " ".join((await spoken(port, files[4])).texts)

    async def all_together() -> list[Heard]:
        talks = [asyncio.create_task(spoken(port, files[number % len(files)])) for number in range(_STREAMS)]
        async with aiohttp.ClientSession() as session:
            while not all(talk.done() for talk in talks):
                lags.append(await lag_s(port, session))
                await asyncio.sleep(0.05)
        return [await talk for talk in talks]

    expected = asyncio.run(alone())
    assert len(expected.split()) > 3
    in_the_room = talking.server.play(files[2])
    heard = asyncio.run(all_together())
    assert in_the_room.wait(60) == 0
    wait_until(talking.listener.texts, 20, "what was said in the room")
    assert len(" ".join(talking.listener.texts()).split()) > 5
    for number, one in enumerate(heard):
        assert one.refused or len(" ".join(one.texts).split()) > 3
        if number % len(files) == 4 and not one.refused:
            assert " ".join(one.texts) == expected
    print(f"lag of the microphone: worst {max(lags):.3f} s; refused: {sum(bool(one.refused) for one in heard)}")
    assert max(lags) < 4.0, "audio of the microphone was about to be dropped"
