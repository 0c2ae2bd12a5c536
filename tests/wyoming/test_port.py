"""What the port says of itself, whom it lets in, and how it begins and ends."""

import asyncio
import contextlib
import logging
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator

import pytest
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong

from edge_asr.asr.manifest import Manifest
from edge_asr.errors import ModelError
from tests.http.port_house import is_open
from tests.waiting import wait_until
from tests.wyoming.wyoming_house import done, joined, opened


async def answered(client: AsyncTcpClient) -> bool:
    with contextlib.suppress(OSError):
        await client.write_event(Ping("in").event())
        event = await client.read_event()
        return event is not None and event.type == "pong"
    return False


@contextlib.asynccontextmanager
async def let_in(port: int) -> AsyncIterator[None]:
    """A client that is let in, as soon as there is room."""
    while True:
        client = AsyncTcpClient("127.0.0.1", port, read_timeout=20)
        with contextlib.suppress(OSError):
            await client.connect()
            if await answered(client):
                break
            await client.disconnect()
        await asyncio.sleep(0.05)
    yield
    await client.disconnect()


def test_it_describes_the_model_that_listens() -> None:
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as client:
                await client.write_event(Describe().event())
                event = await client.read_event()
                assert event is not None
                [program] = Info.from_event(event).asr
                assert program.name == "Kitchen ears"
                assert program.version == "1"
                assert program.installed
                assert program.supports_transcript_streaming
                assert program.requires_external_vad
                [model] = program.models
                assert (model.name, model.version, model.languages) == ("loud", "3", ["xx"])
                assert model.description == "Hears loudness; licence: Apache-2.0"
                assert model.attribution.name == "loud==3"
                house.machine.recognizer.language = "en_us"  # another model is chosen
                await client.write_event(Describe().event())
                event = await client.read_event()
                assert event is not None
                assert Info.from_event(event).asr[0].models[0].languages == ["en-US"]

        done(work)


def test_a_model_that_was_taken_away_is_described_by_what_is_known() -> None:
    def gone(name: str) -> Manifest:
        raise ModelError(name)

    with opened(manifest=gone) as house:

        async def work() -> None:
            async with joined(house.port) as client:
                await client.write_event(Describe().event())
                event = await client.read_event()
                assert event is not None
                [model] = Info.from_event(event).asr[0].models
                assert (model.name, model.version, model.description) == ("loud", None, None)

        done(work)


def test_what_it_does_not_know_is_let_be_and_a_ping_comes_back() -> None:
    with opened() as house:

        async def work() -> None:
            async with joined(house.port) as client:
                await client.write_event(Event("select-program", {"name": "x"}))
                await client.write_event(Event("of-tomorrow", {"x": [1]}, b"payload"))
                await client.write_event(Ping("hello").event())
                event = await client.read_event()
                assert event is not None
                assert Pong.from_event(event).text == "hello"

        done(work)


def test_too_many_connections_are_refused_with_a_clear_answer() -> None:
    with opened(max_connections=2) as house:

        async def work() -> None:
            async with let_in(house.port), let_in(house.port), joined(house.port) as third:
                event = await third.read_event()
                assert event is not None
                assert event.data["code"] == "too_many_connections"
                assert "wyoming.max_connections" in event.data["text"]
                assert await third.read_event() is None
            async with let_in(house.port):  # when they have gone there is room again
                pass

        done(work)
        assert house.answers("connections") >= 1


def test_a_taken_port_is_one_line_and_is_had_when_it_is_free(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_asr.ports.port._AGAIN_MIN_S", 0.1)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with opened(port=port) as house:
            wait_until(lambda: "set wyoming.port to another" in caplog.text, 20, "the line")
            other.close()

            async def work() -> None:
                async with let_in(port):
                    pass

            done(work)
            assert house.counted("sink_errors_total", sink="wyoming") == 0


def test_it_stops_with_connections_that_do_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with opened() as house:
        connection = socket.create_connection(("127.0.0.1", house.port), timeout=5)
        connection.sendall(b'{"type": "ping"}\n{"type": "audio-sta')
        assert connection.recv(1) == b"{"
        began = time.monotonic()
        house.sink.stop(5.0)
        assert time.monotonic() - began < 4
        assert not is_open(house.port)
        rest = b"".join(iter(lambda: connection.recv(4096), b""))
        assert b"pong" in rest
        connection.close()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_nobody_loads_the_library_while_the_port_is_off() -> None:
    program = """
        import sys
        from edge_asr import app
        print([name for name in ("wyoming", "zeroconf", "edge_asr.wyoming.server") if name in sys.modules])
    """
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, timeout=60, check=True
    )
    assert found.stdout == b"[]\n"
