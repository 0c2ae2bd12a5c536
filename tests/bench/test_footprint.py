import mmap
import threading
from pathlib import Path

import numpy as np

from edge_asr.bench.footprint import footprint

MIB = 1024 * 1024


def test_pages_of_a_mapped_file_are_no_memory_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "block"
    path.write_bytes(bytes(64 * MIB))
    before = footprint()
    block = np.ones(64 * MIB, np.uint8)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert sum(mapped[at] for at in range(0, len(mapped), mmap.PAGESIZE)) == 0
        after = footprint()
    assert 60 < after.anon_mib - before.anon_mib < 70
    assert block.all()


def test_threads_and_descriptors_are_counted(tmp_path: Path) -> None:
    before, done = footprint(), threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    with (tmp_path / "open").open("w"):
        during = footprint()
    done.set()
    thread.join()
    assert (during.threads, during.descriptors) == (before.threads + 1, before.descriptors + 1)
    assert footprint().descriptors == before.descriptors


def test_what_the_kernel_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / "fd").mkdir()
    for number in range(3):
        (tmp_path / "fd" / str(number)).touch()
    (tmp_path / "status").write_text("Name:\tx\nRssAnon:\t    2048 kB\nRssFile:\t     512 kB\nThreads:\t7\n")
    found = footprint(tmp_path)
    assert (found.anon_mib, found.file_mib, found.threads, found.descriptors) == (2.0, 0.5, 7, 3)
