"""The port itself: who is let in, limits, and a port that another program has."""

import logging
import socket
import subprocess
import sys
import textwrap
import time

import pytest

from edge_asr.config import HttpConfig
from tests.http.port_house import BEARER, TOKEN, free_port, is_open, made, opened
from tests.waiting import wait_until


def exchanged(port: int, sent: bytes, wait_s: float = 20.0) -> bytes:
    """All that comes back until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait_s) as connection:
        connection.sendall(sent)
        found = b""
        while block := connection.recv(65536):
            found += block
        return found


def test_metrics_in_prometheus_text() -> None:
    with opened() as house:
        answer = house.ask("/metrics")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert b"edge_asr_lag_seconds 0.0" in answer.body
        assert house.counted("http_requests_total", path="/metrics", code="200") == 1


def test_without_the_token_nothing_but_health_is_told() -> None:
    with opened(TOKEN) as house:
        for headers in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": TOKEN}, {"Cookie": "edge_asr=no"}):
            answer = house.ask("/metrics", headers)
            assert answer.status == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json["error"]["code"] == "token"
        assert house.counted("http_refused_total", reason="token") == 4
        assert house.ask("/metrics", BEARER).status == 200
        assert house.ask("/metrics", {"Cookie": f"edge_asr={house.reach.access.cookie}"}).status == 200
        assert house.ask("/healthz").status == 200
        assert TOKEN not in (house.reach.access.cookie or TOKEN)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.7", ""])
def test_on_loopback_a_name_that_was_led_here_is_refused(host: str) -> None:
    with opened() as house:
        answer = house.ask("/metrics", {"Host": host})
        assert answer.status == 421
        assert house.counted("http_refused_total", reason="host") == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8906", "[::1]:8906", "LOCALHOST:1"])
def test_its_own_names_are_not(host: str) -> None:
    with opened() as house:
        assert house.ask("/metrics", {"Host": host}).status == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:PORT", 200),
        ("http://127.0.0.1:1", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
def test_a_page_of_another_origin_may_not_ask(origin: str, status: int) -> None:
    with opened() as house:
        headers = {"Origin": origin.replace("PORT", str(house.port))}
        assert house.ask("/metrics", headers).status == status


def test_errors_are_json_and_a_path_is_never_a_label() -> None:
    with opened() as house:
        assert house.ask("/nothing/here").json["error"]["message"] == "GET '/nothing/here': Not Found"
        assert house.ask("/metrics", method="DELETE").status == 405
        assert house.counted("http_requests_total", path="other", code="404") == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X%d: 1\r\n" % n for n in range(300)) + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /metrics HTTP/9.9\r\n\r\n",
    ],
)
def test_what_is_too_large_or_not_http_is_refused_and_not_logged(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with opened() as house:
        assert exchanged(house.port, sent).startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
        assert house.ask("/healthz").status == 200
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_too_many_connections_are_refused_with_a_clear_answer() -> None:
    with opened(max_connections=4) as house:
        wait_until(lambda: house.ask("/healthz").status == 200, 5, "the probe of the fixture to be gone")
        idle: list[socket.socket] = []
        try:
            while len(idle) < 4:
                idle.append(socket.create_connection(("127.0.0.1", house.port), timeout=5))
            wait_until(lambda: house.ask("/healthz").status == 503, 5, "a refusal")
            refused = house.ask("/healthz")
            assert (refused.status, refused.json["error"]["code"]) == (503, "too_many_connections")
            assert house.counted("http_refused_total", reason="connections") >= 2
        finally:
            for connection in idle:
                connection.close()
        wait_until(lambda: house.ask("/healthz").status == 200, 5, "room again")


def test_who_sends_a_request_drop_by_drop_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.http.server._IDLE_S", 0.5)
    with opened() as house, socket.create_connection(("127.0.0.1", house.port), timeout=20) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\n")
        assert slow.recv(1) == b""


def test_a_taken_port_is_one_line_and_is_had_when_it_is_free(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_asr.ports.port._AGAIN_MIN_S", 0.1)
    port = free_port()
    house = made(HttpConfig(listen="loopback", port=port))
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        house.sink.start()
        wait_until(lambda: "another program has it" in caplog.text, 20, "the line")
        time.sleep(0.5)
        assert caplog.text.count("another program has it") == 1
        assert "Traceback" not in caplog.text
    wait_until(lambda: is_open(port), 20, "the port")
    house.sink.stop(5.0)
    assert not is_open(port)


def test_it_stops_with_connections_that_do_nothing() -> None:
    with opened() as house:
        connection = socket.create_connection(("127.0.0.1", house.port), timeout=5)
        began = time.monotonic()
        house.sink.stop(5.0)
        assert time.monotonic() - began < 4
        assert not is_open(house.port)
        connection.close()


def test_nobody_loads_the_server_while_the_port_is_off() -> None:
    program = """
        import sys
        from edge_asr import app
        from edge_asr.cli import health
        print([name for name in ("aiohttp", "edge_asr.http.server") if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, timeout=60, check=True)
    assert done.stdout == b"[]\n"
