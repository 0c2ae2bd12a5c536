"""Alive and ready: what is asked of the port, by `edge-asr health` too."""

from pathlib import Path

import pytest

from edge_asr.cli.main import main
from edge_asr.events import StateReport
from tests import sample_events
from tests.http.port_house import BEARER, TOKEN, PortHouse, free_port, opened


def listening() -> StateReport:
    return sample_events.state()


def degraded() -> StateReport:
    return StateReport(
        state="degraded", capture="lost", reason="unplugged", model="m", language="en", microphone="", version="1",
        since="",
    )  # fmt: skip


def told(house: PortHouse, path: str) -> tuple[int, list[str]]:
    answer = house.ask(path)
    assert answer.json["ok"] is (answer.status == 200)
    return answer.status, answer.json["reasons"]


def test_alive_is_what_the_watchdog_is_fed_with() -> None:
    with opened() as house:
        assert told(house, "/healthz") == (200, [])
        house.reach.liveness.beat(("the recognizer has not come round for 7 s",))
        assert told(house, "/healthz") == (503, ["the recognizer has not come round for 7 s"])
        house.reach.liveness.beat(())
        assert told(house, "/healthz") == (200, [])
        house.clock.advance_s(11)
        assert told(house, "/healthz") == (503, ["the supervisor has not come round for 11 s"])


def test_ready_is_who_can_hear_and_publish() -> None:
    with opened(has_broker=True) as house:
        assert told(house, "/readyz") == (503, ["starting", "broker: not connected yet"])
        house.sink.report(listening())
        house.reach.board.broker(False, "mqtt: nobody answers")
        assert told(house, "/readyz") == (503, ["broker: mqtt: nobody answers"])
        house.reach.board.broker(True, "")
        assert told(house, "/readyz") == (200, [])
        house.sink.report(degraded())
        assert told(house, "/readyz") == (503, ["microphone: unplugged"])
        assert told(house, "/healthz") == (200, [])


def test_without_a_broker_and_mute_by_wish_it_is_ready() -> None:
    with opened() as house:
        house.sink.report(
            StateReport(state="muted", capture="muted", reason="closed", model="", language="", microphone="",
                        version="", since="")
        )  # fmt: skip
        assert told(house, "/readyz") == (200, [])


def test_a_probe_without_the_token_learns_yes_or_no() -> None:
    with opened(TOKEN) as house:
        for headers in ({}, {"Authorization": "Bearer wrong-but-long-enough"}):
            answer = house.ask("/readyz", headers)
            assert (answer.status, answer.json) == (503, {"ok": False})
        assert house.ask("/readyz", BEARER).json == {"ok": False, "reasons": ["starting"]}


def asked(house: PortHouse | int, *more: str) -> tuple[str, ...]:
    port = house if isinstance(house, int) else house.port
    return ("health", *more, "--set", "http.listen=loopback", "--set", f"http.port={port}")


def test_the_command_says_one_line_and_exits_by_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_ASR_CONFIG", "")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    with opened(TOKEN) as house:
        with_token = ("--set", f"http.token_file={file}")
        assert main([*asked(house), *with_token]) == 0
        assert main([*asked(house, "--ready"), *with_token]) == 1
        assert main(asked(house, "--ready")) == 1
        house.sink.report(listening())
        assert main([*asked(house, "--ready"), *with_token]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["alive", "not ready: starting"]
    assert out[2].startswith("not ready: http://127.0.0.1:")
    assert out[2].endswith("/readyz answers 503")
    assert out[3:] == ["ready"]


def test_the_command_where_nobody_or_somebody_else_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked(free_port())) == 1
    assert "nobody answers at http://127.0.0.1:" in capsys.readouterr().out
    assert main(["health", "--set", "http.listen=off"]) == 1
    assert 'http.listen = "off"' in capsys.readouterr().err


@pytest.mark.parametrize("body", [b"[]", b"{}", b"<html>", b'{"ok": 1}', b'{"ok": true, "reasons": 3}', b"\xff"])
def test_the_command_takes_no_stranger_for_the_daemon(body: bytes) -> None:
    from edge_asr.cli.health import _read  # noqa: PLC0415 - its own part, without a server of strangers

    assert _read(body)[0] is False
