"""The queue and its shadow on disk: what was not delivered comes back, in order, and nothing ever raises."""

import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.events import encode
from edge_asr.sinks import spool_book
from edge_asr.sinks.spool_file import Row, SpoolFile
from tests import sample_events
from tests.sinks.spool_life import Life, WallClock, text_of
from tests.sinks.subscriber import wait_for

pytestmark = pytest.mark.usefixtures("patient_end")
NEVER_S = 3600.0


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
