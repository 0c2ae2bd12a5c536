"""A client that goes or does not read, a recognizer that fails, no thread: nothing is left behind, the port goes on."""

import asyncio
import contextlib

import pytest
from wyoming.audio import AudioChunk, AudioStop

from tests.waiting import wait_until
from tests.wyoming.wyoming_house import SPEECH, START, answers, done, joined, opened, read, speak, told, typed


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
