"""`/v1/audio/transcriptions` as OpenAI's clients ask it."""

import asyncio
import io
import json
import select
import socket
import time
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile

from tests.fakes import RATE_HZ, hush, tone
from tests.http.port_house import BEARER, TOKEN, PortHouse, opened
from tests.http.web_client import done
from tests.waiting import wait_until

PATH = "/v1/audio/transcriptions"
SPEECH = np.concatenate([hush(0.5), tone(1.0), hush(1.5), tone(0.5), hush(1.0)])


_NESTED = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _send_on(line: socket.socket, for_s: float) -> None:
    until_s = time.monotonic() + for_s
    while time.monotonic() < until_s:
        line.sendall(_chunk(b"\0" * 65_536))


def wav(samples: Any = SPEECH) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE_HZ, format="WAV")
    return file.getvalue()


async def posted(house: PortHouse, fields: list[tuple[str, Any]], headers: dict[str, str] | None = None) -> Any:
    form = aiohttp.FormData()
    for name, value in fields:
        if isinstance(value, bytes):
            form.add_field(name, value, filename="speech.wav", content_type="audio/wav")
        else:
            form.add_field(name, value)
    async with aiohttp.ClientSession(headers=headers) as session:
        answer = await session.post(f"http://127.0.0.1:{house.port}{PATH}", data=form)
        return answer.status, answer.content_type, (await answer.read()).decode()


def asked(house: PortHouse, *fields: tuple[str, Any], headers: dict[str, str] | None = None) -> tuple[int, str, str]:
    kept: list[Any] = []

    async def work() -> None:
        kept.append(await posted(house, list(fields), headers))

    done(work)
    status, kind, text = kept[0]
    return int(status), str(kind), str(text)


def test_json_is_what_comes_by_itself() -> None:
    with opened() as house:
        status, kind, text = asked(house, ("file", wav()), ("model", "whisper-1"))
        assert (status, kind) == (200, "application/json")
        assert json.loads(text) == {"text": "w0 w1 w0", "usage": {"type": "duration", "seconds": 5}}
        assert house.reach.guests.reception.quiet(5.0)


@pytest.mark.parametrize(
    ("form", "kind", "expected"),
    [
        ("text", "text/plain", "w0 w1 w0\n"),
        ("srt", "application/x-subrip",
         "1\n00:00:00,500 --> 00:00:01,500\nw0 w1\n\n2\n00:00:03,000 --> 00:00:03,500\nw0\n"),
        ("vtt", "text/vtt",
         "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nw0 w1\n\n00:00:03.000 --> 00:00:03.500\nw0\n"),
    ],
)  # fmt: skip
def test_the_forms_that_are_text(form: str, kind: str, expected: str) -> None:
    with opened() as house:
        answer = asked(house, ("file", wav()), ("model", "loud"), ("response_format", form))
        assert answer == (200, kind, expected)


def test_verbose_json_has_segments_and_words_as_wanted() -> None:
    with opened() as house:
        common = (("file", wav()), ("model", "whisper-1"), ("response_format", "verbose_json"))
        plain = json.loads(asked(house, *common)[2])
        assert (plain["task"], plain["language"], plain["duration"]) == ("transcribe", "xx", 4.5)
        assert [(one["id"], one["start"], one["end"], one["text"]) for one in plain["segments"]] == [
            (0, 0.5, 1.5, "w0 w1"),
            (1, 3.0, 3.5, "w0"),
        ]
        assert plain["segments"][0]["avg_logprob"] == pytest.approx(-0.1054, abs=1e-4)
        assert "words" not in plain
        words = json.loads(asked(house, *common, ("timestamp_granularities[]", "word"))[2])
        assert words["words"][1] == {"word": "w1", "start": 1.0, "end": 1.5}
        assert "segments" not in words


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ([("model", "whisper-1")], 400, "multipart", None),
        ([("file", b"")], 400, "missing", "file"),
        ([("file", b"no audio at all")], 400, "audio", "file"),
        ([("file", wav()), ("model", "gpt-9")], 404, "model_not_found", "model"),
        ([("file", wav()), ("language", "de")], 400, "language", "language"),
        ([("file", wav()), ("response_format", "docx")], 400, "response_format", "response_format"),
        ([("file", wav()), ("stream", "true")], 400, "stream", "stream"),
        ([("file", wav()), ("prompt", "x" * 20_000)], 400, "multipart", None),
        ([(f"f{number}", "x") for number in range(40)], 400, "multipart", None),
    ],
)
def test_faults_have_openais_shape(fields: list[tuple[str, Any]], status: int, code: str, param: str | None) -> None:
    with opened() as house:
        found, kind, text = asked(house, *fields)
        error = json.loads(text)["error"]
        assert (found, kind, error["code"], error["param"]) == (status, "application/json", code, param)
        assert "\n" not in error["message"]
        assert house.reach.guests.reception.quiet(5.0)


def test_the_present_model_and_language_are_right_by_every_name() -> None:
    with opened() as house:
        for model, language in (("loud", "xx"), ("", ""), ("whisper-1", "XX-yy")):
            assert asked(house, ("file", wav()), ("model", model), ("language", language))[0] == 200
        names = [one["id"] for one in house.ask("/v1/models").json["data"]]
        assert names == ["loud"]


def test_what_is_too_large_is_refused_before_it_is_read_and_while_it_is_read() -> None:
    with opened(max_upload_mib=1) as house:
        boundary = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        told = house.ask(PATH, headers | {"Content-Length": str(1 << 40)}, "POST", boundary)
        assert (told.status, told.json["error"]["code"]) == (413, "too_large")

        with socket.create_connection(("127.0.0.1", house.port), timeout=30.0) as line:
            line.sendall(f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{house.port}\r\n".encode())
            line.sendall(b"Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n")
            line.sendall(_chunk(boundary))
            while not select.select([line], [], [], 0)[0]:  # its body never ends, so it is answered while it is read
                line.sendall(_chunk(b"\0" * 65_536))
            assert line.recv(65_536).startswith(b"HTTP/1.1 413 ")
            assert house.reach.guests.reception.quiet(5.0)  # its place is another's by now
            with pytest.raises(ConnectionError):  # who goes on all the same is hung up on, not read for ever
                _send_on(line, for_s=30.0)
        assert house.counted("http_requests_total", path=PATH, code="413") == 2


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"--\r\n"),
        ("multipart/form-data; boundary=b", b"not a part"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file"\r\n'),
        ("multipart/form-data; boundary=b", _NESTED),
        ("application/json", b"{}"),
        ("", b""),
    ],
)
def test_what_is_no_form_is_said(kind: str, body: bytes) -> None:
    with opened() as house:
        answer = house.ask(PATH, {"Content-Type": kind}, "POST", body)
        assert answer.status == 400
        assert answer.json["error"]["code"] in {"multipart", "missing"}
        assert house.reach.guests.reception.quiet(5.0)


def test_the_token_and_the_places_are_asked_for_first() -> None:
    with opened(TOKEN, max_streams=0) as house:
        assert asked(house, ("file", wav()))[0] == 401
        status, _, text = asked(house, ("file", wav()), headers=BEARER)
        assert (status, json.loads(text)["error"]["code"]) == (429, "too_many_streams")
        house.reach.guests.reception.most = 1
        house.machine.lag_s = 1.0
        status, _, text = asked(house, ("file", wav()), headers=BEARER)
        assert (status, json.loads(text)["error"]["code"]) == (503, "busy")


def test_nobody_is_heard_for_whom_nobody_waits_any_more() -> None:
    with opened() as house:
        house.machine.lag_s = 0.0

        async def work() -> None:
            asking = asyncio.create_task(posted(house, [("file", wav(np.tile(SPEECH, 100)))]))
            await asyncio.to_thread(wait_until, lambda: house.counted("guest_audio_seconds_total"), 10, "it is heard")
            house.machine.lag_s = 1.0  # it waits for its turn
            asking.cancel()

        done(work)
        assert house.reach.guests.reception.quiet(5.0)
        assert house.counted("guest_audio_seconds_total") < 450
