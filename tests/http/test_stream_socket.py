"""`/v1/stream`: PCM in, partials and finals out, refused where the house is full or late."""

import asyncio
import json
from typing import Any

import aiohttp
import numpy as np
import pytest

from tests.fakes import hush, tone
from tests.http.port_house import TOKEN, PortHouse, opened
from tests.http.web_client import Socket, done, joined, told
from tests.waiting import wait_until

PATH = "/v1/stream"
SPEECH = np.concatenate([hush(0.5), tone(1.0), hush(1.5)])


async def frames(socket: Socket) -> list[dict[str, Any]]:
    """All that comes until the end."""
    return [json.loads(message.data) async for message in socket]


async def said(house: PortHouse, *sent: Any, step_bytes: int = 6400) -> tuple[list[dict[str, Any]], int | None]:
    async with joined(house.port, PATH) as socket:
        for one in sent:
            if isinstance(one, dict):
                await socket.send_json(one)
            else:
                for begin in range(0, len(one), step_bytes):
                    await socket.send_bytes(one[begin : begin + step_bytes])
        return await frames(socket), socket.close_code


def texts(found: list[dict[str, Any]]) -> list[str]:
    return [frame["payload"]["text"] for frame in found if frame["topic"] == "final"]


@pytest.mark.parametrize("step_bytes", [1, 777, 100_000])
def test_pcm_gives_partials_and_finals_however_it_is_cut(step_bytes: int) -> None:
    pcm = SPEECH[: 16_000 * 2].tobytes() if step_bytes > 1 else hush(0.01).tobytes()
    with opened() as house:

        async def work() -> None:
            found, code = await said(house, pcm, {"end": True}, step_bytes=step_bytes)
            assert code == 1000
            assert found[-1] == {"topic": "done", "payload": {"audio_s": round(len(pcm) / 32_000, 3)}}
            if step_bytes > 1:
                assert texts(found) == ["w0 w1"]
                assert [frame["topic"] for frame in found].count("partial") >= 1

        done(work)


def test_another_rate_and_two_channels_are_said_first() -> None:
    pcm = np.repeat(SPEECH, 3)[:, None].repeat(2, axis=1).astype("<i2").tobytes()
    with opened() as house:

        async def work() -> None:
            begin = {"sample_rate": 48_000, "channels": 2, "partials": False}
            found, _ = await said(house, begin, pcm, {"end": True}, step_bytes=10_001)
            assert texts(found) == ["w0 w1"]
            assert "partial" not in {frame["topic"] for frame in found}

        done(work)


@pytest.mark.parametrize(
    "sent",
    [{"end": True}, {"sample_rate": 16}, {"sample_rate": "x"}, {"channels": 0}, {"channels": 9}, {"more": 1}],
)
def test_what_is_not_understood_is_told_and_ends_it(sent: dict[str, Any]) -> None:
    with opened() as house:

        async def work() -> None:
            found, code = await said(house, sent)
            [frame] = found
            assert frame["topic"] == "error"
            assert frame["payload"]["code"] == "protocol"
            assert 'begin with {"sample_rate": 16000} or with PCM' in frame["payload"]["message"]
            assert code == 1008

        done(work)
        assert house.reach.guests.reception.quiet(5.0)


def test_beyond_the_limit_a_stream_is_refused_with_a_clear_answer() -> None:
    with opened(max_streams=1) as house:

        async def work() -> None:
            async with joined(house.port, PATH) as first:
                await first.send_bytes(tone(0.1).tobytes())
                async with aiohttp.ClientSession() as session:
                    headers = {
                        "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                    }  # fmt: skip
                    answer = await session.get(f"http://127.0.0.1:{house.port}{PATH}", headers=headers)
                    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
                    assert (await answer.json())["error"]["code"] == "too_many_streams"
            await asyncio.to_thread(wait_until, lambda: house.reach.guests.reception.quiet(0), 5, "a free place")
            found, _ = await said(house, SPEECH.tobytes(), {"end": True})
            assert texts(found) == ["w0 w1"]

        done(work)


def test_while_the_microphone_is_late_a_stream_is_refused_or_waits_at_its_sender(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge_asr.guests.reception._PATIENCE_S", 0.5)
    with opened() as house:

        async def work() -> None:
            house.machine.lag_s = 1.0
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                async with joined(house.port, PATH):
                    pass
            assert caught.value.status == 503
            house.machine.lag_s = 0.0
            async with joined(house.port, PATH) as socket:
                house.machine.lag_s = 1.0
                await socket.send_bytes(tone(0.1).tobytes())
                [frame] = await frames(socket)
                assert frame["payload"]["code"] == "busy"
                assert socket.close_code == 1013

        done(work)


def test_who_goes_in_the_middle_leaves_nothing_behind() -> None:
    with opened(max_streams=2) as house:

        async def work() -> None:
            for _ in range(5):
                async with joined(house.port, PATH) as socket:
                    await socket.send_bytes(tone(0.3).tobytes())
                    await told(socket, "event")
                await asyncio.to_thread(wait_until, lambda: house.reach.guests.reception.quiet(0), 5, "a free place")

        done(work)
        assert house.counted("guests") == 0


def test_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.http.stream_socket._SILENT_S", 0.3)
    with opened() as house:

        async def work() -> None:
            [frame], code = await said(house)
            assert frame["payload"]["code"] == "silent"
            assert code == 1008

        done(work)
        assert house.reach.guests.reception.quiet(5.0)


def test_a_recognizer_that_fails_is_told_and_the_port_goes_on() -> None:
    with opened() as house:

        async def work() -> None:
            house.machine.recognizer.fail = True
            found, code = await said(house, SPEECH.tobytes(), {"end": True})
            assert found[-1]["payload"]["code"] == "failed"
            assert code == 1011
            house.machine.recognizer.fail = False
            found, _ = await said(house, SPEECH.tobytes(), {"end": True})
            assert texts(found) == ["w0 w1"]

        done(work)


def test_without_the_token_nobody_is_heard() -> None:
    with opened(TOKEN) as house:

        async def work() -> None:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                async with joined(house.port, PATH):
                    pass
            assert caught.value.status == 401

        done(work)


def test_guests_tell_nothing_to_those_who_listen_to_the_device() -> None:
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as socket:
                await told(socket, "hello")
                await said(house, SPEECH.tobytes(), {"end": True})
                with pytest.raises(TimeoutError):
                    await told(socket, "final", 0.2)

        done(work)
        assert house.reach.hub.finals == []
