"""Memory of its own is told from pages of files."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge_asr.bench.memory_watch import MemoryWatch
from edge_asr.bench.resident import Resident, resident
from edge_asr.errors import EdgeAsrError

MIB = 1024 * 1024


# Where other tests' memory comes and goes, a difference says nothing: these are whole programs of their own.
MAPPED = """
import dataclasses, mmap, os, sys
from edge_asr.bench.resident import resident
before = resident(os.getpid())
block = bytearray(b"1") * (40 * 2**20)
with open(sys.argv[1], "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
    sum(mapped[at] for at in range(0, len(mapped), mmap.PAGESIZE))
    after = resident(os.getpid())
for one in (before, after):
    print(*dataclasses.astuple(one))
"""
HELD = """
import os
from edge_asr.bench.memory_watch import MemoryWatch
from edge_asr.bench.resident import resident
before = resident(os.getpid())
with MemoryWatch(os.getpid()) as watch:
    block = bytearray(b"1") * (64 * 2**20)
    while watch.most.anon_mib < before.anon_mib + 60:
        pass
    del block
print(watch.most.anon_mib - resident(os.getpid()).anon_mib)
"""


def printed_by(program: str, *words: str) -> list[str]:
    told = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    return told.stdout.splitlines()


def test_pages_of_a_mapped_file_are_no_memory_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "block"
    path.write_bytes(bytes(64 * MIB))
    before, after = (Resident(*map(float, line.split())) for line in printed_by(MAPPED, str(path)))
    assert 38 < after.anon_mib - before.anon_mib < 44
    assert 60 < after.file_mib - before.file_mib < 68
    assert 98 < after.private_mib - before.private_mib < 112  # nobody else has mapped it


def test_what_the_kernel_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    lines = ["55d0-7ffd ---p 00000000 00:00 0    [rollup]", "Rss:    6144 kB", "Private_Clean:    512 kB"]
    lines += ["Private_Dirty:   2048 kB", "Anonymous:   2048 kB", "Locked:  0 kB"]
    (tmp_path / "7" / "smaps_rollup").write_text("\n".join(lines) + "\n")
    assert resident(7, tmp_path) == Resident(2.0, 4.0, 2.5)


def test_a_process_that_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    with pytest.raises(EdgeAsrError, match=f"the memory of process {child.pid} cannot be read"):
        resident(child.pid)


def test_the_most_of_each_kind_counts() -> None:
    assert Resident(1.0, 5.0, 2.0).most(Resident(3.0, 4.0, 2.5)) == Resident(3.0, 5.0, 2.5)


def test_what_was_held_for_a_while_is_seen() -> None:
    (more_mib,) = printed_by(HELD)
    assert float(more_mib) > 60


def test_a_process_that_ends_while_it_is_watched_ends_the_watch() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with MemoryWatch(child.pid) as watch:
        while not watch.most.file_mib:
            pass
        child.communicate(b"\n")
        watch._thread.join(5.0)
        assert not watch._thread.is_alive()
    assert watch.most.file_mib > 1
