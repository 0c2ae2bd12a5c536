"""Audio in, a transcript out: in whatever shape it comes, from one or several, and however long it takes."""

import asyncio
from typing import Any

import numpy as np
import pytest
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import Describe

from tests.fakes import hush, tone
from tests.wyoming.wyoming_house import SPEECH, START, answers, done, joined, opened, read, speak, told, typed

TWICE = np.concatenate([SPEECH, SPEECH])


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


@pytest.mark.parametrize("language", ["", "XX", "xx-YY", "xx_yy"])
def test_a_language_in_whatever_country(language: str) -> None:
    with opened() as house:

        async def work() -> None:
            found = await told(house, Event("transcribe", {"language": language}), START, AudioStop().event())
            assert typed(found)[-1] == "transcript-stop"

        done(work)


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
