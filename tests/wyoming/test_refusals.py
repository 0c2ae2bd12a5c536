"""Refused with a clear answer: audio that makes no sense, where the house is full or late, and silence."""

import asyncio

import pytest
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe

from tests.fakes import hush, tone
from tests.wyoming.wyoming_house import START, answers, done, joined, opened, read, refused, speak, told, typed


@pytest.mark.parametrize(
    ("code", "said", "events"),
    [
        ("language", "speaks 'xx'", [Transcribe(language="de").event()]),
        ("model", "'loud' listens here", [Transcribe(name="whisper").event()]),
        ("protocol", '"name" and "language" as text', [Event("transcribe", {"language": 7})]),
        ("format", '"rate" from 4000', [AudioStart(100, 2, 1).event()]),
        ("format", '"width" from 1 to 4', [AudioStart(16_000, 8, 1).event()]),
        ("format", '"channels" from 1 to 8', [AudioStart(16_000, 2, 0).event()]),
        ("format", "audio-start", [Event("audio-start", {})]),
        ("format", "changed within the audio", [START, AudioChunk(8_000, 2, 1, b"\0\0").event()]),
        ("protocol", "wait for that", [START, START]),
        ("protocol", "send that first", [AudioStop().event()]),
    ],
)
def test_what_makes_no_sense_is_told_and_ends_it(code: str, said: str, events: list[Event]) -> None:
    with opened() as house:

        async def work() -> None:
            assert said in await refused(house, code, *events)

        done(work)
        assert house.answers(code) == 1
        house.until_nobody_is_heard()


def test_beyond_the_limit_audio_is_refused_and_heard_when_there_is_room() -> None:
    with opened(most=1) as house:

        async def work() -> None:
            async with joined(house.port) as first:
                await first.write_event(START)
                await first.write_event(Describe().event())
                assert (await read(first)).type == "info"
                assert "http.max_streams" in await refused(house, "too_many_streams", START)
            await asyncio.to_thread(house.until_nobody_is_heard)
            found = await told(house, START, AudioStop().event())
            assert typed(found)[-1] == "transcript-stop"

        done(work)


def test_while_the_microphone_is_late_audio_is_refused_also_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.guests.reception._PATIENCE_S", 0.5)
    with opened() as house:

        async def work() -> None:
            house.machine.lag_s = 1.0
            assert "goes first" in await refused(house, "busy", START)
            house.machine.lag_s = 0.0
            async with joined(house.port) as client:
                await client.write_event(START)
                await client.write_event(Describe().event())
                await read(client)
                house.machine.lag_s = 1.0
                await speak_on(client)
                [event] = await answers(client)
                assert event.data["code"] == "busy"

        done(work)


async def speak_on(client: AsyncTcpClient) -> None:
    for _ in range(5):
        await client.write_event(AudioChunk(16_000, 2, 1, tone(0.1).tobytes()).event())


def test_who_is_refused_and_speaks_on_reads_why() -> None:
    with opened(most=0) as house:

        async def work() -> None:
            async with joined(house.port) as client:
                await speak(client, hush(60.0).tobytes())
                [event] = await answers(client)
                assert event.data["code"] == "too_many_streams"

        done(work)


def test_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.wyoming.visit._SILENT_S", 0.3)
    with opened() as house:

        async def work() -> None:
            assert await told(house) == []
            assert "audio-stop" in await refused(house, "silent", START)

        done(work)
        house.until_nobody_is_heard()
