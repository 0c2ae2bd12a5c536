"""Whatever comes in: an answer or a closed connection, nothing that fails, nothing that stays."""

import asyncio
import contextlib
import gc
import io
import json
import logging
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes import RATE_HZ, hush, tone
from tests.http.port_house import PortHouse, opened
from tests.http.web_client import done, joined
from tests.mutations import mutated
from tests.waiting import wait_until

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
BLOCKS = [b"\r\n", b"\0", b"\xff" * 9, b": ", b"%00", b"0" * 30, b"\r\n\r\n"]
BUDGET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
SMALL = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
REQUEST = (
    b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    b"Content-Length: 90\r\nCookie: edge_asr=1\r\nAuthorization: Bearer x\r\nOrigin: http://localhost\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n--b--\r\n'
)
UPGRADE = (
    b"GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture(scope="module")
def house() -> Iterator[PortHouse]:
    with opened(max_upload_mib=1, max_streams=4) as made:
        yield made


@pytest.fixture(autouse=True)
def _well_afterwards(house: PortHouse, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    before = house.counted("sink_errors_total", sink="http")
    yield
    assert house.ask("/healthz").status == 200
    assert house.counted("sink_errors_total", sink="http") == before
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    wait_until(lambda: house.reach.guests.reception.quiet(0), 10, "all guests gone")
    wait_until(lambda: house.counted("http_listeners") == 0, 10, "all listeners gone")
    wait_until(lambda: threading.active_count() < 20, 10, "threads that end")


def sent(house: PortHouse, *parts: bytes) -> bytes:
    """What comes back to it, until the other side closes, or is done with us."""
    found = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", house.port), timeout=5) as connection:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        while block := connection.recv(65536):
            found += block
    return found


@BUDGET
@given(st.one_of(mutated(REQUEST, BLOCKS), mutated(UPGRADE % b"/ws", BLOCKS), st.binary(max_size=300)))
def test_requests(house: PortHouse, body: bytes) -> None:
    answer = sent(house, body)
    assert not answer or answer.startswith(b"HTTP/")
    assert b"500 " not in answer[:20]


@BUDGET
@given(st.sampled_from([b"/ws", b"/v1/stream"]), st.binary(max_size=400))
def test_frames_of_a_websocket(house: PortHouse, path: bytes, body: bytes) -> None:
    answer = sent(house, UPGRADE % path, body)
    assert not answer or answer.startswith(b"HTTP/1.1 101")


def frame(kind: int, payload: bytes, length: int) -> bytes:
    return bytes([0x80 | kind, 0x80 | 127]) + struct.pack(">Q", length) + b"\0\0\0\0" + payload


@SMALL
@given(st.integers(0, 15), st.integers(0, 2**63 - 1), st.binary(max_size=50))
def test_frames_that_promise_much(house: PortHouse, kind: int, length: int, payload: bytes) -> None:
    sent(house, UPGRADE % b"/v1/stream", frame(kind, payload, length))


MESSAGES = st.lists(
    st.one_of(
        st.binary(max_size=5000),
        st.text(max_size=50),
        st.fixed_dictionaries(
            {}, optional={"sample_rate": st.integers(-1, 10**6), "channels": st.integers(-1, 10), "end": st.booleans()}
        ).map(json.dumps),
        st.sampled_from(['{"end": true}', '{"sample_rate": 8000}', '{"control": "mute", "value": "ON"}']),
    ),
    max_size=6,
)


@SMALL
@given(st.sampled_from(["/ws", "/v1/stream"]), MESSAGES)
def test_messages_of_a_websocket(house: PortHouse, path: str, messages: list[bytes | str]) -> None:
    async def work() -> None:
        async with joined(house.port, path) as client:
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                for message in messages:
                    await (client.send_bytes(message) if isinstance(message, bytes) else client.send_str(message))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.2):
                        async for answer in client:
                            assert json.loads(answer.data)["topic"]

    done(work)


def recording(form: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.concatenate([hush(0.1), tone(0.5), hush(0.1)]), RATE_HZ, format=form)
    return file.getvalue()


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "AIFF", "W64"])
@SMALL
@given(data=st.data())
def test_recordings(house: PortHouse, form: str, data: Any) -> None:
    body = data.draw(mutated(recording(form), BLOCKS))
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = house.ask("/v1/audio/transcriptions", kind, "POST", head + body + b"\r\n--b--\r\n")
    assert answer.status in {200, 400}
    assert answer.json


def test_who_sends_more_than_can_be_heard_waits_and_is_not_kept_in_memory(house: PortHouse) -> None:
    house.machine.lag_s = 0.0
    taken = 0

    async def work() -> None:
        nonlocal taken
        async with joined(house.port, "/v1/stream") as client:
            await client.send_bytes(b"\0" * 3200)
            house.machine.lag_s = 9.0  # nothing is heard any more
            with contextlib.suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(2.0):
                    while True:
                        await client.send_bytes(b"\0" * 64_000)
                        taken += 64_000
            house.machine.lag_s = 0.0

    done(work)
    gc.collect()
    assert taken < 32 << 20  # what the kernel's buffers, the library's and two seconds hold
