"""Finals on disk against a real mosquitto: what was written before a SIGKILL arrives, in order, with one text each."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_asr.config import SpoolConfig
from edge_asr.demo.broker import Broker
from edge_asr.events import FinalEvent, decode
from edge_asr.sinks.spool_file import SpoolFile
from tests import sample_events
from tests.sinks.conftest import MakeMouth
from tests.sinks.subscriber import Subscriber, wait_for

pytestmark = pytest.mark.broker

TALKER = """
import sys, threading, time
import msgspec
from edge_asr.config import MqttConfig, SpoolConfig
from edge_asr.metrics import Metrics
from edge_asr.sinks.mqtt import MqttSink
from tests import sample_events

port, path, life = int(sys.argv[1]), sys.argv[2], sys.argv[3]
metrics = Metrics()
spool = SpoolConfig(mode="disk", path=path)
sink = MqttSink(MqttConfig(host="127.0.0.1", port=port, reconnect_max_s=1, spool=spool), "kitchen", metrics)
sink.start()
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
number = 0
while not over.wait(0.003):
    final = sample_events.final(f"{life} {number} at {time.monotonic_ns()}", f"{life}-{number}")
    sink.emit(msgspec.structs.replace(final, stream_id=life))
    number += 1
    connected = metrics.registry.get_sample_value("edge_asr_broker_connected")
    print(number, int(metrics.registry.get_sample_value("edge_asr_spool_messages")), int(connected), flush=True)
sink.stop(10.0)
"""


class Talker:
    """A process that says finals without a pause; `spoken`, `written` and `connected` are what it told last."""

    def __init__(self, port: int, path: Path, life: str) -> None:
        self.spoken = self.written = 0
        self.connected = False
        self.process = subprocess.Popen(
            [sys.executable, "-c", TALKER, str(port), str(path), life],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.spoken, self.written, connected = map(int, line.split())
                self.connected = connected == 1

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    def end(self) -> None:
        """Let it stop as a daemon does."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.wait()
        assert self.process.returncode == 0

    def wait(self) -> None:
        self.process.wait(30)
        self._reader.join()


@contextmanager
def talking(port: int, path: Path, life: str) -> Iterator[Talker]:
    talker = Talker(port, path, life)
    try:
        yield talker
    finally:
        talker.kill()


def heard(subscriber: Subscriber) -> dict[str, dict[int, str]]:
    """The text of each final by life and number, in order of arrival; one that came twice must be the same."""
    texts: dict[str, dict[int, str]] = {}
    for payload in subscriber.payloads("/final"):
        event = decode(payload)
        assert isinstance(event, FinalEvent)
        life, number = event.segment_id.split("-")
        assert texts.setdefault(life, {}).setdefault(int(number), event.text) == event.text
    return texts


def heard_last(subscriber: Subscriber) -> str:
    """The segment of the newest final. (An `offline` may be that of a broker that went, not of the sink.)"""
    event = decode(subscriber.payloads("/final")[-1])
    assert isinstance(event, FinalEvent)
    return event.segment_id


def in_order(numbers: dict[int, str]) -> int:
    """How many there are, none of them missing and each first heard after the one before."""
    assert list(numbers) == list(range(len(numbers)))
    return len(numbers)


def rows(path: Path, copy: Path) -> int:
    """How many finals a killed process left in its file, seen on a copy."""
    shutil.copytree(path.parent, copy)
    file = SpoolFile(copy / path.name)
    found, _ = file.rows(100_000)
    file.close()
    return len(found)


def test_lives_that_end_by_sigkill_while_the_broker_is_away_lose_nothing_written(tmp_path: Path) -> None:
    path = tmp_path / "spool" / "spool.sqlite"
    with Broker(persistence=True) as broker, Subscriber(broker.port) as subscriber:
        with talking(broker.port, path, "a") as first:
            wait_for(lambda: first.connected and first.spoken > 50)
            assert first.written == 0
            broker.stop()
            wait_for(lambda: first.written > 60)
            first.kill()
            rows_a = rows(path, tmp_path / "after a")
        with talking(broker.port, path, "b") as second:
            wait_for(lambda: second.written > rows_a + 60)
            second.kill()
            rows_b = rows(path, tmp_path / "after b") - rows_a
        with talking(broker.port, path, "c") as third:
            wait_for(lambda: third.written > second.written)
            broker.start()
            wait_for(lambda: third.connected)
            wait_for(lambda: third.written == 0)
            third.end()
        subscriber.wait_for(lambda: f"c-{third.spoken - 1}" == heard_last(subscriber))
        texts = heard(subscriber)
    assert list(texts) == ["a", "b", "c"]
    # what was said in the last instant before the SIGKILL may be missing, and nothing else
    assert first.spoken - 10 <= in_order(texts["a"])
    assert rows_a >= first.written
    assert rows_a + rows_b >= second.written
    assert in_order(texts["b"]) == rows_b
    assert second.spoken - 10 <= rows_b
    assert in_order(texts["c"]) == third.spoken
    assert not any(b'"text"' in each.read_bytes() for each in path.parent.iterdir())


def test_a_broker_that_hangs_and_a_sigkill_make_duplicates_with_the_same_text(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    with Broker(persistence=True) as broker, Subscriber(broker.port) as subscriber:
        with talking(broker.port, path, "a") as first:
            wait_for(lambda: first.connected and first.spoken > 50)
            broker.suspend()
            wait_for(lambda: first.written > 60)
            first.kill()
        broker.resume()  # and reads what waits in its socket
        with talking(broker.port, path, "b") as second:
            wait_for(lambda: second.connected and second.written == 0 and second.spoken > 20)
            second.end()
        subscriber.wait_for(lambda: f"b-{second.spoken - 1}" == heard_last(subscriber))
        texts = heard(subscriber)
        assert len(subscriber.payloads("/final")) > len(texts["a"]) + len(texts["b"])
    assert first.spoken - 10 <= in_order(texts["a"])
    assert in_order(texts["b"]) == second.spoken


def disk(path: Path) -> SpoolConfig:
    return SpoolConfig(mode="disk", path=str(path / "spool.sqlite"))


def test_a_stop_without_a_broker_keeps_finals_for_the_next_start(tmp_path: Path, make_mouth: MakeMouth) -> None:
    with Broker() as broker:
        broker.stop()
        mouth = make_mouth(broker.port, spool=disk(tmp_path))
        mouth.sink.start()
        for number in range(5):
            mouth.sink.emit(sample_events.final(f"words {number}", f"s-{number}"))
            mouth.sink.emit(sample_events.speech_ended())
        began = time.monotonic()
        mouth.sink.stop(0.5)
        assert time.monotonic() - began < 5.0
        assert mouth.dropped("stopped") == 5  # the other events
        broker.start()
        with Subscriber(broker.port) as subscriber:
            later = make_mouth(broker.port, spool=disk(tmp_path))
            later.sink.start()
            later.sink.emit(sample_events.final("new words", "t-1"))
            subscriber.wait_for(lambda: len(subscriber.payloads("/final")) == 6)
            events = [decode(payload) for payload in subscriber.payloads("/final")]
            texts = [event.text for event in events if isinstance(event, FinalEvent)]
            assert texts == [*(f"words {number}" for number in range(5)), "new words"]
            assert not any(message.retained for message in subscriber.messages if "/final" in message.topic)


@pytest.mark.parametrize("mode", ["memory", "off"])
def test_no_file_is_made_unless_asked_for(mode: str, tmp_path: Path, make_mouth: MakeMouth) -> None:
    with Broker(persistence=True) as broker, Subscriber(broker.port) as subscriber:
        settings = SpoolConfig(mode=mode, path=str(tmp_path / "spool.sqlite"))  # type: ignore[arg-type]
        mouth = make_mouth(broker.port, spool=settings)
        mouth.sink.start()
        wait_for(lambda: mouth.connected)
        mouth.sink.emit(sample_events.final("first", "s-1"))
        subscriber.wait_for(lambda: len(subscriber.payloads("/final")) == 1)
        broker.stop()
        wait_for(lambda: not mouth.connected)
        mouth.sink.emit(sample_events.final("away", "s-2"))
        broker.start()
        wait_for(lambda: mouth.connected)
        mouth.sink.emit(sample_events.final("back", "s-3"))
        mouth.sink.stop(10.0)
        subscriber.wait_for(lambda: "back" in heard(subscriber)["s"].values())
        texts = dict.fromkeys(heard(subscriber)["s"].values())
        assert list(texts) == (["first", "away", "back"] if mode == "memory" else ["first", "back"])
        assert mouth.dropped("offline") == (mode == "off")
    assert list(tmp_path.iterdir()) == []
