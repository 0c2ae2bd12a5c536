"""`/ws`: events, states and controls over one connection; who is slow is cut off."""

import asyncio
import json
import socket as plain

import aiohttp
import pytest

from edge_asr.commands import Reply
from edge_asr.controls import ControlValues
from edge_asr.events import CommandResponse, encode
from tests import sample_events
from tests.http.port_house import BEARER, TOKEN, PortHouse, opened
from tests.http.web_client import done, joined, told
from tests.waiting import wait_until


def test_who_comes_is_told_all_that_is_known_and_then_what_happens() -> None:
    with opened(has_broker=True) as house:
        house.sink.report(sample_events.state())
        house.sink.answer(ControlValues(mute=False, sensitivity=50, model="en", language="en-us"))
        house.sink.emit(sample_events.final("said before", "s-0"))

        async def work() -> None:
            async with joined(house.port) as socket:
                hello = await told(socket, "hello")
                assert (hello["name"], hello["device_id"]) == ("Kitchen", "k1")
                assert hello["choices"] == [{"model": "en", "language": "en-us"}, {"model": "zh", "language": "zh"}]
                assert hello["state"]["state"] == "listening"
                assert hello["broker"] == {"connected": False, "reason": "not connected yet"}
                assert hello["controls"]["model"] == "en"
                assert [final["text"] for final in hello["finals"]] == ["said before"]
                for event in (sample_events.partial(), sample_events.final(), sample_events.speech_ended()):
                    house.sink.emit(event)
                house.reach.board.broker(True, "")
                assert await told(socket, "partial") == json.loads(encode(sample_events.partial()))
                assert await told(socket, "final") == json.loads(encode(sample_events.final()))
                assert (await told(socket, "event"))["event_type"] == "speech_ended"
                assert await told(socket, "broker") == {"connected": True, "reason": ""}

        done(work)


def test_a_command_goes_the_way_of_all_commands_and_its_sender_alone_is_answered() -> None:
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as one, joined(house.port) as other:
                await told(one, "hello")
                await told(other, "hello")
                await one.send_json({"control": "mute", "value": "ON", "id": "7"})
                await asyncio.to_thread(wait_until, lambda: house.reach.controls.muted, 10, "the command")
                [due] = house.reach.controls.take_due()
                assert due.reply.way == "http"
                answer = CommandResponse(device_id="k1", control="mute", accepted=True, value="ON")
                house.sink.respond(answer, due.reply)
                house.sink.respond(answer, Reply("some/topic", None))  # of the broker: not ours to tell
                house.sink.emit(sample_events.final())
                response = await told(one, "response")
                assert (response["control"], response["accepted"], response["value"]) == ("mute", True, "ON")
                assert response["id"] == "7"
                assert json.loads(await other.receive_str())["topic"] == "final"

        done(work)


@pytest.mark.parametrize(
    "sent",
    ["", "[]", "{", '{"control": "mute"}', '{"control": "format", "value": "c:"}', '{"control": "mute", "value": 1}',
     '{"control": "mute", "value": "ON", "more": 1}', '{"control": "mute", "value": "\\ud800"}', "[" * 4000],
)  # fmt: skip
def test_what_is_no_command_is_told_and_changes_nothing(sent: str) -> None:
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as socket:
                await told(socket, "hello")
                await socket.send_str(sent)
                response = await told(socket, "response")
                assert response["accepted"] is False
                assert 'expected {"control": "mute", "value": "ON"}' in response["message"]

        done(work)
        assert not house.reach.controls.take().commanded


def test_what_is_too_long_or_not_text_ends_the_connection() -> None:
    with opened() as house:

        async def work() -> None:
            for sent in (b"x", "x" * 200_000):
                async with joined(house.port) as socket:
                    await told(socket, "hello")
                    await (socket.send_bytes(sent) if isinstance(sent, bytes) else socket.send_str(sent))
                    kinds = {(await socket.receive()).type for _ in range(2)}
                    assert kinds & {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}

        done(work)
        wait_until(lambda: house.counted("http_listeners") == 0, 5, "nobody left")


def test_without_the_token_or_from_a_foreign_page_nobody_listens() -> None:
    with opened(TOKEN) as house:

        async def work() -> None:
            refused: list[tuple[dict[str, str], int]] = [
                ({}, 401), ({"Authorization": "Bearer wrong"}, 401), (BEARER | {"Origin": "http://evil.example"}, 403),
            ]  # fmt: skip
            for headers, status in refused:
                with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                    async with joined(house.port, headers=headers):
                        pass
                assert caught.value.status == status
            cookie = {"Cookie": f"edge_asr={house.reach.access.cookie}", "Origin": f"http://127.0.0.1:{house.port}"}
            for headers in (BEARER, cookie):
                async with joined(house.port, headers=headers) as socket:
                    await told(socket, "hello")

        done(work)


def test_a_plain_question_is_told_what_this_path_speaks() -> None:
    with opened() as house:
        assert house.ask("/ws").json["error"]["code"] == "websocket"


def test_half_of_the_connections_may_listen_and_the_rest_is_for_questions() -> None:
    with opened(max_connections=4) as house:

        async def work() -> None:
            async with joined(house.port), joined(house.port):
                with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                    async with joined(house.port):
                        pass
                assert caught.value.status == 503

        done(work)
        assert house.counted("http_refused_total", reason="listeners") == 1


def handshake(house: PortHouse) -> plain.socket:
    """A listener that never reads."""
    connection = plain.socket()
    connection.setsockopt(plain.SOL_SOCKET, plain.SO_RCVBUF, 4096)
    connection.settimeout(10)
    connection.connect(("127.0.0.1", house.port))
    connection.sendall(
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    return connection


def test_who_does_not_keep_up_is_cut_off_and_counted_and_the_others_hear_on() -> None:
    with opened() as house:

        async def work() -> None:
            long = sample_events.final("word " * 4000)
            with handshake(house) as deaf:
                async with joined(house.port, max_msg_size=0) as socket:
                    await told(socket, "hello")
                    heard = 0
                    while not house.counted("http_listeners_dropped_total"):
                        house.sink.emit(long)
                        await told(socket, "final")
                        heard += 1
                        assert heard < 2000
                    house.sink.emit(sample_events.final("still here"))
                    assert (await told(socket, "final"))["text"] == "still here"
                    assert deaf.fileno() >= 0
            assert house.counted("http_listeners_dropped_total") == 1

        done(work)
        wait_until(lambda: house.counted("http_listeners") == 0, 5, "nobody left")


def test_at_the_end_everybody_is_told_goodbye() -> None:
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as socket:
                await told(socket, "hello")
                await asyncio.to_thread(house.sink.stop, 5.0)
                last = await socket.receive()
                assert (last.type, last.data) == (aiohttp.WSMsgType.CLOSE, 1001)

        done(work)
