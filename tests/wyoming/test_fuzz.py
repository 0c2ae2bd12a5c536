"""Whatever comes in: an answer or a closed connection, nothing that fails, nothing that stays."""

import contextlib
import gc
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes import tone
from tests.mutations import mutated
from tests.waiting import wait_until
from tests.wyoming.wyoming_house import WyomingHouse, opened

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
BLOCKS = [b"\n", b"\0", b"\xff" * 9, b'"', b"{" * 30, b"[" * 5000, b"9" * 30, b'"data_length": -1,', b"null"]
BUDGET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
KNOWN = ["describe", "ping", "transcribe", "audio-start", "audio-chunk", "audio-stop", "transcript", "x"]
WHOLE = (
    b'{"type": "transcribe", "data": {"language": "xx"}, "version": "1.10.2"}\n'
    b'{"type": "audio-start", "version": "1.10.2", "data_length": 43}\n{"rate": 16000, "width": 2, "channels": 1 } '
    b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 2, "channels": 1}, "payload_length": 6400}\n'
    + tone(0.2).tobytes()
    + b'{"type": "describe"}\n{"type": "audio-stop"}\n'
)


@pytest.fixture(scope="module")
def house() -> Iterator[WyomingHouse]:
    with opened(4, max_connections=8) as made:
        yield made


@pytest.fixture(autouse=True)
def _well_afterwards(house: WyomingHouse, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    house.until_nobody_is_heard()
    wait_until(lambda: "transcript-stop" in [one["type"] for one in events(sent(house, WHOLE))], 10, "a transcript")
    assert house.counted("sink_errors_total", sink="wyoming") == 0
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    house.until_nobody_is_heard()
    wait_until(lambda: threading.active_count() < 20, 10, "threads that end")


def sent(house: WyomingHouse, *parts: bytes) -> bytes:
    """What comes back to it, until the other side closes, or is done with us."""
    found = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", house.port), timeout=5) as connection:
        for part in parts:
            connection.sendall(part)
        if parts and b"audio-stop" in parts[-1]:
            connection.settimeout(0.5)
        else:
            connection.shutdown(socket.SHUT_WR)
        while block := connection.recv(65536):
            found += block
            if b"transcript-stop" in found:
                break
    return found


def events(body: bytes) -> list[dict[str, object]]:
    """All of it, which is nothing but whole events."""
    found = []
    while body:
        line, _, body = body.partition(b"\n")
        event = json.loads(line)
        length = event.pop("data_length", 0)
        event["data"], body = json.loads(body[:length] or b"{}"), body[length:]
        found.append(event)
    return found


@BUDGET
@given(st.one_of(mutated(WHOLE, BLOCKS, within=400), st.binary(max_size=300)))
def test_bytes(house: WyomingHouse, body: bytes) -> None:
    events(sent(house, body))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
NUMBERS = st.sampled_from([0, 1, 2, 3, 4, 8, 8000, 16_000, 48_000, 768_000])
DATA = st.fixed_dictionaries(
    {},
    optional={
        "rate": NUMBERS | VALUES,
        "width": NUMBERS | VALUES,
        "channels": NUMBERS | VALUES,
        "language": st.sampled_from(["xx", "de", ""]) | VALUES,
        "name": VALUES,
        "text": VALUES,
    },
)


@st.composite
def event(draw: st.DrawFn) -> bytes:
    """A whole one, of whatever data; the lengths are mostly right."""
    data, payload = json.dumps(draw(DATA)).encode(), draw(st.binary(max_size=2000))
    head = {
        "type": draw(st.sampled_from(KNOWN)),
        "data_length": len(data) + draw(st.sampled_from([0, 0, 0, 0, 1, -1, 10**9])),
        "payload_length": len(payload) + draw(st.sampled_from([0, 0, 0, 0, 1, -1, 2**62])),
    }
    return json.dumps(head).encode() + b"\n" + data + payload


@BUDGET
@given(st.lists(event(), max_size=8))
def test_events(house: WyomingHouse, sequence: list[bytes]) -> None:
    events(sent(house, *sequence))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"x" * 100_000, "a header longer than"),
        (b'{"type": "' + b"x" * 100 + b'"}\n', "not an event of Wyoming"),
        (b'{"type": "describe", "data_length": 65537}\n', "not an event of Wyoming"),
        (b'{"type": "describe", "payload_length": 1048577}\n', "not an event of Wyoming"),
        (b'{"type": "describe", "data_length": 2}\n[]', "not an event of Wyoming"),
        (b'{"type": "describe", "data": ' + b"[" * 9000 + b"\n", "not an event of Wyoming"),
        (b'{"type": "\xff"}\n', "not an event of Wyoming"),
        (b"GET / HTTP/1.1\r\n\r\n", "not an event of Wyoming"),
    ],
)
def test_what_is_too_large_or_no_event_is_told(house: WyomingHouse, body: bytes, said: str) -> None:
    [event] = events(sent(house, body))
    assert event["type"] == "error"
    data = event["data"]
    assert isinstance(data, dict)
    assert data["code"] == "protocol"
    assert said in data["text"]


def test_who_sends_more_than_can_be_heard_waits_and_is_not_kept_in_memory(house: WyomingHouse) -> None:
    taken = 0
    head = b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 2, "channels": 1}, "payload_length": 64000}\n'
    with socket.create_connection(("127.0.0.1", house.port), timeout=1) as connection:
        connection.sendall(head + b"\0" * 64_000)
        wait_until(lambda: house.counted("guests"), 10, "a guest")
        house.machine.lag_s = 9.0  # nothing is heard any more
        with contextlib.suppress(OSError):
            until = time.monotonic() + 2.0
            while time.monotonic() < until:
                connection.sendall(head + b"\0" * 64_000)
                taken += 64_000
        house.machine.lag_s = 0.0
    gc.collect()
    assert taken < 32 << 20  # what the kernel's buffers and two seconds hold


def test_who_is_refused_is_not_heard_out_for_ever(house: WyomingHouse) -> None:
    with socket.create_connection(("127.0.0.1", house.port), timeout=20) as connection:
        connection.sendall(b"no event\n")
        taken = 0
        with contextlib.suppress(OSError):
            while taken < 1 << 30:
                connection.sendall(b"\0" * 64_000)
                taken += 64_000
    assert taken < 32 << 20
