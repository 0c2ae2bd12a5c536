"""Four satellites over Wyoming while somebody speaks in the room."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import soundfile
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info

from edge_asr.demo.sample import sample
from tests.e2e.conftest import FIRST_PASS, House, started
from tests.http.port_house import free_port, is_open
from tests.waiting import wait_until

pytestmark = [pytest.mark.pulse, pytest.mark.broker, pytest.mark.bundle]
_SATELLITES = 4


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def talking(tmp_path: Path, port: int) -> Iterator[House]:
    with ExitStack() as stack:
        wyoming = ("wyoming.listen=loopback", f"wyoming.port={port}", f"http.max_streams={_SATELLITES}")
        house = started(stack, tmp_path, *FIRST_PASS, *wyoming)
        house.until_listening()
        wait_until(lambda: is_open(port), 20, "an open port")
        yield house


async def satellite(port: int, path: Path) -> str:
    """One who speaks at the pace of speech, as Home Assistant hands it on; what it is told."""
    samples, rate_hz = soundfile.read(path, dtype="int16")
    async with AsyncTcpClient("127.0.0.1", port, read_timeout=30) as client:
        await client.write_event(Transcribe(language="en").event())
        await client.write_event(AudioStart(rate_hz, 2, 1).event())
        began, step = time.monotonic(), rate_hz // 10
        for number, begin in enumerate(range(0, len(samples), step)):
            await asyncio.sleep(max(0.0, began + number / 10 - time.monotonic()))
            await client.write_event(AudioChunk(rate_hz, 2, 1, samples[begin : begin + step].tobytes()).event())
        await client.write_event(AudioStop().event())
        chunks = ""
        while (event := await client.read_event()) is not None:
            if event.type == "transcript-chunk":
                chunks += event.data["text"]
            if event.type in {"transcript", "error"}:
                break
        assert event is not None
        assert event.type == "transcript" or event.data["code"] == "busy"
        assert chunks == event.data.get("text", chunks)
        return chunks if event.type == "transcript" else ""


def test_satellites_are_heard_and_the_microphone_is_not_disturbed(talking: House, port: int) -> None:
    files = sample()

    async def described() -> list[str]:
        async with AsyncTcpClient("127.0.0.1", port, read_timeout=30) as client:
            await client.write_event(Describe().event())
            event = await client.read_event()
            assert event is not None
            return Info.from_event(event).asr[0].models[0].languages

    async def all_together() -> list[str]:
        return await asyncio.gather(*(satellite(port, files[number % len(files)]) for number in range(_SATELLITES)))

    assert asyncio.run(described()) == ["en"]
    alone = asyncio.run(satellite(port, files[2]))
    assert len(alone.split()) > 3
    in_the_room = talking.server.play(files[2])
    heard = asyncio.run(all_together())
    assert in_the_room.wait(60) == 0
    wait_until(talking.listener.texts, 20, "what was said in the room")
    assert len(" ".join(talking.listener.texts()).split()) > 5
    assert not any(message.body["truncated"] for message in talking.listener.of("final"))
    assert sum(len(text.split()) > 3 for text in heard) >= _SATELLITES - 1
    assert heard[2] in {"", alone}
