"""Audio in, a transcript out; refused with a clear answer where the house is full or late, or it makes no sense."""

import asyncio
import contextlib
from typing import Any

import numpy as np
import pytest
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe

from tests.fakes import hush, tone
from tests.waiting import wait_until
from tests.wyoming.wyoming_house import WyomingHouse, answers, done, joined, opened, speak

SPEECH = np.concatenate([hush(0.5), tone(1.0), hush(1.5)])
TWICE = np.concatenate([SPEECH, SPEECH])


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


@pytest.mark.parametrize("step_bytes", [333, 2048, 200_000])
def test_the_order_of_events_and_every_final_a_chunk(step_bytes: int) -> None:
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as client:
                await client.write_event(Transcribe(language="xx").event())
                await speak(client, TWICE.tobytes(), step_bytes=step_bytes)
                found = await answers(client)
                assert typed(found) == [
                    "transcript-start", "transcript-chunk", "transcript-chunk", "transcript", "transcript-stop"
                ]  # fmt: skip
                assert found[3].data == {"text": "w0 w1 w0 w1", "language": "xx"}
                assert "".join(event.data["text"] for event in found[1:3]) == found[3].data["text"]

        done(work)
        assert house.answers("transcript") == 1
        assert house.machine.recognizer.wanted
        assert not any(house.machine.recognizer.wanted), "partials that nobody reads"


def test_a_chunk_comes_while_the_rest_is_still_being_said() -> None:
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as client:
                await client.write_event(AudioStart(16_000, 2, 1).event())
                await client.write_event(AudioChunk(16_000, 2, 1, SPEECH.tobytes()).event())
                assert typed([await read(client), await read(client)]) == ["transcript-start", "transcript-chunk"]
                await client.write_event(AudioStop().event())
                assert typed(await answers(client)) == ["transcript", "transcript-stop"]

        done(work)


async def read(client: AsyncTcpClient) -> Event:
    event = await client.read_event()
    assert event is not None
    return event


def as_pcm(samples: Any, width: int) -> bytes:
    wide = samples.astype("<i4") << 16
    return b"".join(int(one).to_bytes(4, "little", signed=True)[4 - width :] for one in wide)


@pytest.mark.parametrize(("rate", "width", "channels"), [(48_000, 2, 2), (16_000, 3, 1), (8_000, 4, 2), (22_050, 1, 1)])
def test_any_rate_width_and_channels(rate: int, width: int, channels: int) -> None:
    speech = np.concatenate([hush(0.5), tone(1.2), hush(1.5)])
    at = np.arange(round(len(speech) * rate / 16_000)) * 16_000 // rate
    pcm = as_pcm(speech[at].repeat(channels), width)
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as client:
                await speak(client, pcm, rate, width, channels, step_bytes=4001)
                found = await answers(client)
                assert found[-2].data["text"] == "w0 w1"

        done(work)


def test_nothing_said_is_an_empty_transcript() -> None:
    with opened() as house:

        async def work() -> None:
            found = await told(house, AudioStart(16_000, 2, 1).event(), AudioStop().event())
            assert typed(found) == ["transcript-start", "transcript", "transcript-stop"]
            assert found[1].data["text"] == ""

        done(work)


def test_a_connection_may_speak_again_and_without_a_start() -> None:
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as client:
                for _ in range(3):
                    await client.write_event(AudioChunk(16_000, 2, 1, SPEECH.tobytes()).event())
                    await client.write_event(AudioStop().event())
                    assert (await answers(client))[-2].data["text"] == "w0 w1"
                await client.write_event(Describe().event())
                assert (await read(client)).type == "info"

        done(work)


def test_several_speak_at_one_time() -> None:
    with opened(most=5) as house:

        async def one(tones: int) -> None:
            pcm = np.concatenate([hush(0.5), tone(0.5 * tones), hush(1.0)]).tobytes()
            async with joined(house.port) as client:
                await speak(client, pcm)
                assert (await answers(client))[-2].data["text"] == " ".join(f"w{n}" for n in range(tones))

        async def work() -> None:
            await asyncio.gather(*(one(number) for number in range(1, 6)))

        done(work)


START = AudioStart(16_000, 2, 1).event()


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


@pytest.mark.parametrize("language", ["", "XX", "xx-YY", "xx_yy"])
def test_a_language_in_whatever_country(language: str) -> None:
    with opened() as house:

        async def work() -> None:
            found = await told(house, Event("transcribe", {"language": language}), START, AudioStop().event())
            assert typed(found)[-1] == "transcript-stop"

        done(work)


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


def test_who_goes_in_the_middle_leaves_nothing_behind() -> None:
    with opened(most=2) as house:

        async def work() -> None:
            for last in (b"", b'{"type": "audio-ch', b'{"type": "audio-chunk", "payload_length": 100}\n123'):
                async with joined(house.port) as client:
                    await client.write_event(START)
                    await client.write_event(AudioChunk(16_000, 2, 1, SPEECH.tobytes()).event())
                    await read(client)
                    assert client._writer is not None
                    client._writer.write(last)
                await asyncio.to_thread(house.until_nobody_is_heard)

        done(work)
        assert house.counted("sink_errors_total", sink="wyoming") == 0


def test_who_closes_its_own_side_behind_audio_stop_still_gets_the_transcript() -> None:
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as client:
                await speak(client, SPEECH.tobytes())
                assert client._writer is not None
                client._writer.write_eof()
                found = await answers(client)
                assert typed(found)[-2:] == ["transcript", "transcript-stop"]
                assert await client.read_event() is None

        done(work)


def test_without_a_thread_for_it_the_place_is_free_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_thread(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with opened(most=1) as house:

        async def work() -> None:
            with monkeypatch.context() as patch:
                patch.setattr("edge_asr.guests.guest.Guest.start", no_thread)
                assert await told(house, START) == []
            found = await told(house, START, AudioStop().event())
            assert typed(found)[-1] == "transcript-stop"

        done(work)
        assert house.counted("sink_errors_total", sink="wyoming") == 1
    assert "Traceback" not in caplog.text
    assert "a connection failed" in caplog.text


def test_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.wyoming.visit._SILENT_S", 0.3)
    with opened() as house:

        async def work() -> None:
            assert await told(house) == []
            assert "audio-stop" in await refused(house, "silent", START)

        done(work)
        house.until_nobody_is_heard()


def test_who_waits_long_for_the_transcript_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.wyoming.visit._SILENT_S", 0.2)
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as client:
                await client.write_event(START)
                await client.write_event(Describe().event())
                await read(client)
                house.machine.lag_s = 1.0
                await client.write_event(AudioStop().event())
                await asyncio.sleep(0.6)
                house.machine.lag_s = 0.0
                assert typed(await answers(client))[-1] == "transcript-stop"

        done(work)


def test_a_recognizer_that_fails_is_told_and_the_port_goes_on() -> None:
    with opened() as house:

        async def work() -> None:
            house.machine.recognizer.fail = True
            async with joined(house.port) as client:
                await speak(client, SPEECH.tobytes())
                found = await answers(client)
                assert found[-1].data["code"] == "failed"
            house.machine.recognizer.fail = False
            async with joined(house.port) as client:
                await speak(client, SPEECH.tobytes())
                assert (await answers(client))[-2].data["text"] == "w0 w1"

        done(work)


def test_who_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.ports.outbox._SEND_DEADLINE_S", 0.5)
    with opened() as house:

        async def work() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", house.port, limit=1024)
            with contextlib.suppress(ConnectionError):
                for _ in range(100_000):
                    writer.write(b'{"type": "describe"}\n' * 100)
                    await writer.drain()
            writer.close()
            assert not reader.at_eof()

        done(work)
        wait_until(lambda: house.answers("slow") == 1, 5, "the count")
