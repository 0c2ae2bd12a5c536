"""The queue and its shadow on disk: what was not delivered comes back, in order, and nothing ever raises."""

import logging
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.events import FinalEvent, decode, encode
from edge_asr.metrics import Metrics
from edge_asr.sinks import outbox, spool_book
from edge_asr.sinks.message import Message
from edge_asr.sinks.outbox import Outbox
from edge_asr.sinks.spool import Kept, Spool
from edge_asr.sinks.spool_file import Row, SpoolFile
from tests import sample_events
from tests.sinks.subscriber import wait_for

NEVER_S = 3600.0


@pytest.fixture(scope="module", autouse=True)
def _patient_end() -> Iterator[None]:
    """The end waits for the disk: what is tested here is what was written, not whether a busy machine did it in time.

    Else the next life meets a file that the one before still has open, and a count of what was not written.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "_LAST_WRITE_S", 30.0)
        yield


class WallClock:
    """Wall time that the test sets."""

    def __init__(self, synced: bool = True) -> None:
        self.wall = datetime(2024, 5, 1, tzinfo=UTC)
        self.is_synced = synced

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def now(self) -> datetime:
        return self.wall

    def synced(self) -> bool:
        return self.is_synced


class Slip:
    lost = refused = False

    def __init__(self) -> None:
        self.arrived = False

    def settled(self, wait_s: float) -> bool:  # noqa: ARG002 - nothing to wait for
        return self.arrived


class Life:
    """One life of a daemon: an outbox with its spool, without a connection until the test says so."""

    def __init__(
        self,
        path: Path,
        capacity: int = 100,
        ttl_s: float | None = None,
        clock: WallClock | None = None,
        retry_s: float = 0.05,
        start: bool = True,
        sync_s: float = 0.05,
    ) -> None:
        self.path = path
        self.metrics = Metrics()
        self.spool = Spool(path, capacity, sync_s, self.metrics, clock or WallClock(), retry_s)
        self.outbox = Outbox(capacity, 20, self.metrics, ttl_s, spool=self.spool)
        self.back: list[Kept] = []
        if start:
            self.spool.start(self._take_back)
            self.spool.wait_opened(10)

    def _take_back(self, finals: list[Kept]) -> None:
        self.back += finals
        self.outbox.put_first(
            Message("final", each.payload, 1, False, True, each.ticket, self.outbox.expires_ns(each.age_s))
            for each in finals
        )

    def say(self, *texts: str) -> None:
        for text in texts:
            payload = encode(sample_events.final(text, f"s-{text}"))
            self.outbox.put(Message("final", payload, qos=1, keep=True))

    def send(self) -> Slip | None:
        message = self.outbox.take()
        if message is None:
            return None
        slip = Slip()
        self.outbox.sent(slip)
        return slip

    def deliver(self, count: int) -> None:
        for _ in range(count):
            slip = self.send()
            if slip is None:
                return
            slip.arrived = True
            assert self.outbox.settle(0)

    def waiting(self) -> list[str]:
        """What would be sent, in order; it is taken out of the queue."""
        self.outbox.up()
        texts = []
        while (message := self.outbox.take()) is not None:
            texts.append(text_of(message.payload))
            self.outbox.sent(Slip())
        return texts

    def stop(self) -> int:
        self.outbox.begin_stop(time.monotonic_ns())
        return self.outbox.count_the_rest()

    def dropped(self, reason: str) -> float:
        labels = {"sink": "mqtt", "reason": reason}
        return self.metrics.registry.get_sample_value("edge_asr_events_dropped_total", labels) or 0.0

    def on_disk(self) -> float:
        return self.metrics.registry.get_sample_value("edge_asr_spool_messages") or 0.0

    def faults(self) -> float:
        return self.metrics.registry.get_sample_value("edge_asr_sink_errors_total", {"sink": "spool"}) or 0.0


def text_of(payload: bytes) -> str:
    event = decode(payload)
    assert isinstance(event, FinalEvent)
    return event.text


def test_what_waits_at_the_end_is_there_at_the_next_start_and_counted_by_none(tmp_path: Path) -> None:
    first = Life(tmp_path / "spool.sqlite")
    first.say("one", "two", "three")
    assert first.stop() == 0
    second = Life(first.path)
    second.say("four")
    assert second.waiting() == ["one", "two", "three", "four"]
    assert second.stop() == 0
    assert first.dropped("stopped") + second.dropped("stopped") == 0


STEPS = st.lists(st.one_of(st.integers(1, 4).map(lambda n: ("say", n)), st.integers(1, 4).map(lambda n: ("deliver", n)),
                           st.sampled_from([("in_flight", 1), ("restart", 0)])), max_size=12)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_every_final_is_delivered_once_dropped_or_comes_back_in_order(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = Life(Path(folder) / "spool.sqlite", capacity=6)
        model: list[str] = []  # not delivered, in order
        spoken = flying = 0
        for what, count in steps:
            if what == "say":
                for _ in range(count):
                    life.say(f"{spoken}")
                    model.append(f"{spoken}")
                    spoken += 1
                    if len(model) - flying > 6:
                        del model[flying]
            elif what == "deliver" and not flying:
                life.outbox.up()
                life.deliver(count)
                del model[:count]
            elif what == "in_flight":
                life.outbox.up()
                flying += life.send() is not None
            elif what == "restart":
                assert life.stop() == 0
                life = Life(life.path, capacity=6)
                model, flying = model[-6:], 0
        assert life.stop() == 0
        last = Life(life.path, capacity=100)
        assert last.waiting() == model
        last.stop()


def test_nothing_is_written_while_the_broker_takes_it_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_book, "_PATIENCE_S", 10.0)
    life = Life(tmp_path / "spool.sqlite")
    life.outbox.up()
    monkeypatch.delattr(SpoolFile, "change")  # whoever writes ends in an unhandled exception
    for number in range(5):
        life.say(f"{number}")
        time.sleep(0.05)  # the spool's thread has seen it
        life.deliver(1)
    assert life.spool._thread.is_alive()
    assert life.on_disk() == 0
    life.stop()


def test_while_it_is_away_or_behind_all_is_written_without_a_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_book, "_PATIENCE_S", NEVER_S)
    life = Life(tmp_path / "spool.sqlite")
    life.say("away")
    wait_for(lambda: life.on_disk() == 1)
    life.outbox.up()
    life.say("behind")
    wait_for(lambda: life.on_disk() == 2)
    life.stop()


def test_after_an_outage_a_flow_without_a_pause_is_not_written_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There always is one on its way to the broker; those before it are all that was missed."""
    monkeypatch.setattr(spool_book, "_PATIENCE_S", NEVER_S)
    life = Life(tmp_path / "spool.sqlite")
    life.say("missed")
    wait_for(lambda: life.on_disk() == 1)
    life.outbox.up()
    life.say("meanwhile")
    wait_for(lambda: life.on_disk() == 2)
    life.deliver(1)
    wait_for(lambda: life.on_disk() == 1)
    life.say("afterwards")
    time.sleep(0.05)  # the spool's thread has seen it
    life.deliver(1)
    wait_for(lambda: life.on_disk() == 0)
    life.stop()


def test_a_connected_broker_that_does_not_answer_is_away_too(tmp_path: Path) -> None:
    life = Life(tmp_path / "spool.sqlite")
    life.outbox.up()
    life.say("words")
    slip = life.send()
    assert slip is not None
    wait_for(lambda: life.on_disk() == 1)
    slip.arrived = True
    assert life.outbox.settle(0)
    wait_for(lambda: life.on_disk() == 0)
    life.stop()


def test_the_disk_is_made_to_hold_it_every_sync_s_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[Path, int]] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink(), os.fstat(descriptor).st_size))

    monkeypatch.setattr(os, "fsync", watched)
    log = tmp_path / "spool.sqlite-wal"
    rarely = Life(tmp_path / "spool.sqlite", sync_s=NEVER_S)
    for number in range(5):
        rarely.say(f"{number}")
        wait_for(lambda: rarely.on_disk() == number + 1)  # noqa: B023 - called in the loop
    assert [name for name, _ in synced] == [tmp_path]  # the names alone
    size_bytes = log.stat().st_size
    rarely.stop()
    assert synced[1:] == [(log, size_bytes)]
    often = Life(rarely.path, sync_s=0.0)
    synced.clear()
    often.say("more")
    wait_for(lambda: bool(synced))
    assert synced[0][0] == log
    often.stop()


def test_when_the_last_is_delivered_no_word_is_left_in_the_file(tmp_path: Path) -> None:
    life = Life(tmp_path / "spool.sqlite")
    life.say(*(f"zebra {number}" for number in range(30)))
    wait_for(lambda: life.on_disk() == 30)
    assert any(b"zebra" in each.read_bytes() for each in tmp_path.iterdir())
    life.outbox.up()
    life.deliver(30)
    wait_for(lambda: not any(b"zebra" in each.read_bytes() for each in tmp_path.iterdir()))
    life.stop()
    assert not any(b"zebra" in each.read_bytes() for each in tmp_path.iterdir())


def test_the_cap_holds_in_memory_and_on_disk(tmp_path: Path) -> None:
    life = Life(tmp_path / "spool.sqlite", capacity=10)
    life.say(*map(str, range(25)))
    assert life.dropped("queue_full") == 15
    wait_for(lambda: life.on_disk() == 10)
    life.stop()
    smaller = Life(life.path, capacity=4)
    assert smaller.dropped("queue_full") == 6
    assert smaller.waiting() == ["21", "22", "23", "24"]
    smaller.stop()


def test_what_has_waited_too_long_is_dropped_and_counted(tmp_path: Path) -> None:
    clock = WallClock()
    first = Life(tmp_path / "spool.sqlite", ttl_s=60, clock=clock)
    first.say("old")
    wait_for(lambda: first.on_disk() == 1)
    clock.wall += timedelta(seconds=50)
    first.say("young")
    first.stop()
    clock.wall += timedelta(seconds=11)
    second = Life(first.path, ttl_s=60, clock=clock)
    assert second.dropped("expired") == 1
    assert second.waiting() == ["young"]
    second.stop()


def test_it_expires_without_a_word_from_anybody(tmp_path: Path) -> None:
    life = Life(tmp_path / "spool.sqlite", ttl_s=0.2)
    life.say("words")
    wait_for(lambda: life.on_disk() == 1)
    life.outbox.begin_stop(time.monotonic_ns() + 5_000_000_000)
    assert not life.outbox.wait_for_work()
    assert life.dropped("expired") == 1
    assert life.outbox.count_the_rest() == 0
    assert Life(life.path).back == []


@pytest.mark.parametrize("synced", [(False, True), (True, False)])
def test_where_the_clock_was_not_set_the_age_begins_anew(synced: tuple[bool, bool], tmp_path: Path) -> None:
    clock = WallClock(synced[0])
    first = Life(tmp_path / "spool.sqlite", ttl_s=60, clock=clock)
    first.say("words")
    first.stop()
    clock.wall += timedelta(days=400)
    clock.is_synced = synced[1]
    second = Life(first.path, ttl_s=60, clock=clock)
    assert [kept.age_s for kept in second.back] == [0.0]
    assert second.waiting() == ["words"]
    second.stop()


def test_a_row_that_is_no_final_is_counted_and_never_sent(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path / "spool.sqlite")
    good = encode(sample_events.final("good"))
    file.change(
        [Row(1, b'{"event_type":"fin', None), Row(2, good, None), Row(3, encode(sample_events.error()), None)], []
    )
    file.close()
    life = Life(file.path)
    assert life.dropped("unreadable") == 2
    assert life.waiting() == ["good"]
    life.stop()
    assert [text_of(kept.payload) for kept in Life(file.path).back] == ["good"]


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more_costs_nothing_and_is_used_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    life = Life(tmp_path / "spool.sqlite")
    life.say("before")
    wait_for(lambda: life.on_disk() == 1)
    with largest_file(life.path.with_name("spool.sqlite-wal").stat().st_size + 100):
        life.say(*map(str, range(50)))
        wait_for(lambda: life.faults() > 3)
    wait_for(lambda: life.on_disk() == 51)
    assert len([record for record in caplog.records if "cannot keep finals" in record.message]) <= 2
    assert any("kept in" in record.message and "again" in record.message for record in caplog.records)
    assert life.stop() == 0
    later = Life(life.path)
    assert later.waiting() == ["before", *map(str, range(50))]
    later.stop()


@contextmanager
def small_disk(where: Path, size_kib: int) -> Iterator[None]:
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "none", str(where)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("a small file system cannot be mounted here: that needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)


def fill(path: Path) -> None:
    left_bytes = shutil.disk_usage(path.parent).free
    path.write_bytes(bytes(left_bytes))
    assert shutil.disk_usage(path.parent).free == 0


def test_a_full_disk_that_gets_room_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with small_disk(tmp_path, 200):
        life = Life(tmp_path / "spool.sqlite")
        life.say("before")
        wait_for(lambda: life.on_disk() == 1)
        fill(tmp_path / "filler")
        life.say(*map(str, range(30)))
        wait_for(lambda: life.faults() > 2)
        [line] = [record.message for record in caplog.records if record.levelno == logging.WARNING]
        assert line.startswith(f"spool: cannot keep finals in {life.path} (database or disk is full): make room there;")
        (tmp_path / "filler").unlink()
        wait_for(lambda: life.on_disk() == 31)
        assert life.stop() == 0
        later = Life(life.path)
        assert later.waiting() == ["before", *map(str, range(30))]
        later.stop()


def test_on_a_full_disk_what_was_delivered_does_not_come_back_at_every_start(tmp_path: Path) -> None:
    """There is no room to delete in: the file is begun anew, and holds what has come meanwhile."""
    with small_disk(tmp_path, 200):
        first = Life(tmp_path / "spool.sqlite")
        first.say(*map(str, range(30)))
        wait_for(lambda: first.on_disk() == 30)
        assert first.stop() == 0
        fill(tmp_path / "filler")
        second = Life(first.path)
        second.outbox.up()
        second.deliver(30)
        wait_for(lambda: second.faults() > 0)
        second.outbox.down()
        second.say("new")
        wait_for(lambda: second.on_disk() == 1)
        assert second.stop() == 0
        third = Life(first.path)
        assert third.waiting() == ["new"]
        third.stop()


def test_a_full_file_keeps_what_it_has(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    life = Life(tmp_path / "spool.sqlite")
    life.say("before")
    wait_for(lambda: life.on_disk() == 1)
    assert life.spool._file is not None
    life.spool._file._connection.execute("PRAGMA max_page_count = 3")
    life.say(*(f"{number} " * 1000 for number in range(50)))
    wait_for(lambda: life.faults() > 2)
    assert life.on_disk() == 1
    [line] = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert line.endswith("make room there; finals wait in memory until then")
    assert "before" not in line
    assert life.stop() == 50
    assert life.dropped("stopped") == 50
    later = Life(life.path)
    assert later.waiting() == ["before"]
    later.stop()


def test_without_a_place_for_the_file_all_goes_on_from_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    life = Life(tmp_path / "file" / "spool.sqlite")
    life.say("one", "two")
    wait_for(lambda: life.faults() > 3)
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    assert life.waiting() == ["one", "two"]
    assert life.stop() == 2


def test_a_file_that_becomes_free_later_is_taken_back_before_what_waits(tmp_path: Path) -> None:
    first = Life(tmp_path / "folder" / "spool.sqlite")
    first.say("old")
    first.stop()
    (tmp_path / "folder").rename(tmp_path / "elsewhere")
    (tmp_path / "folder").touch()
    second = Life(first.path)
    second.say("new")
    wait_for(lambda: second.faults() > 1)
    (tmp_path / "folder").unlink()
    (tmp_path / "elsewhere").rename(tmp_path / "folder")
    wait_for(lambda: second.on_disk() == 2)
    assert second.waiting() == ["old", "new"]
    second.stop()


def test_one_that_never_started_counts_what_it_was_given(tmp_path: Path) -> None:
    life = Life(tmp_path / "spool.sqlite", start=False)
    life.say("words")
    assert life.stop() == 1
    assert list(tmp_path.iterdir()) == []
