"""Disks that are full, small or not there: what is said goes on, and comes back where it can."""

import logging
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sinks.spool_life import Life
from tests.sinks.subscriber import wait_for

pytestmark = pytest.mark.usefixtures("patient_end")


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
