"""Servers take turns, the first recording is not counted, and what goes wrong is one line."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.audio.chunk import Samples
from edge_asr.bench.recordings import Recording
from edge_asr.bench.wyoming_client import Answer, Server, spoken
from edge_asr.bench.wyoming_latency import latency_json, latency_text, measure
from edge_asr.clock import SystemClock
from edge_asr.errors import EdgeAsrError
from tests.fakes import RATE_HZ, hush, tone
from tests.http.port_house import free_port
from tests.wyoming.wyoming_house import opened

SPEECH = np.concatenate([hush(0.3), tone(1.0)])


def server(port: int) -> Server:
    return Server("ours", "127.0.0.1", port)


def test_the_port_of_the_house_is_spoken_to() -> None:
    with opened() as house:
        answer = spoken(server(house.port), np.concatenate([SPEECH, hush(0.3)]), RATE_HZ, "xx")
        assert answer.text == "w0 w1"
        assert answer.latency_s > 0


def test_who_refuses_is_quoted() -> None:
    with opened() as house, pytest.raises(EdgeAsrError, match=r"ours at 127.0.0.1:.* refuses: .*speaks 'xx'"):
        spoken(server(house.port), SPEECH, RATE_HZ, "de")


def test_who_is_not_there_is_one_line() -> None:
    with pytest.raises(EdgeAsrError, match=r"cannot be reached .*; start it first"):
        spoken(server(free_port()), SPEECH, RATE_HZ, "xx")


@contextmanager
def closing_server() -> Iterator[int]:
    """It hears all and says nothing."""
    port, ready, loop = free_port(), threading.Event(), asyncio.new_event_loop()

    async def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while b"audio-stop" not in await reader.read(65_536):
            pass
        writer.close()

    def run() -> None:
        loop.run_until_complete(asyncio.start_server(came, "127.0.0.1", port))
        ready.set()
        loop.run_forever()

    threading.Thread(target=run, daemon=True).start()
    assert ready.wait(10)
    yield port
    loop.call_soon_threadsafe(loop.stop)


def test_who_closes_without_a_word_is_one_line() -> None:
    with closing_server() as port, pytest.raises(EdgeAsrError, match="without a transcript"):
        spoken(server(port), tone(0.1), RATE_HZ, "xx")


def test_they_take_turns_and_the_first_recording_warms_up(tmp_path: Path) -> None:
    recordings = []
    for name in ("one", "two"):
        soundfile.write(tmp_path / f"{name}.wav", tone(0.5), RATE_HZ)
        recordings.append(Recording(name, tmp_path / f"{name}.wav", "set", f"{name} word"))
    here, there = Server("here", "h", 1), Server("there", "h", 2)
    said: list[tuple[str, int, str]] = []

    def speak(one: Server, samples: Samples, rate_hz: int, language: str) -> Answer:
        said.append((one.name, len(samples), language))
        warm = len(said) > 2
        return Answer("one word", 0.1 * one.port if warm else 9.0)

    figures = measure([here, there], recordings, 0.25, "xx", str.split, SystemClock(), speak)
    assert said == [(name, 12_000, "xx") for _ in range(3) for name in ("here", "there")]
    assert [one.latencies_s for one in figures] == [(0.1, 0.1), (0.2, 0.2)]
    assert [one.errors.total for one in figures] == [1, 1]
    table = latency_text(figures, "WER").splitlines()
    assert table[1].split() == ["here", "100", "100", "1.0", "25.0"]
    assert table[2].split() == ["there", "200", "200", "2.0", "25.0"]
    assert latency_json(figures)[1]["percent"] == 25.0
