import subprocess
import sys
import threading
from pathlib import Path

from edge_asr.bench.footprint import footprint

MIB = 1024 * 1024


# Where other tests' memory comes and goes, a difference says nothing: a whole program of its own.
MAPPED = """
import mmap, sys
from edge_asr.bench.footprint import footprint
before = footprint()
block = bytearray(b"1") * (64 * 2**20)
with open(sys.argv[1], "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
    sum(mapped[at] for at in range(0, len(mapped), mmap.PAGESIZE))
    after = footprint()
print(after.anon_mib - before.anon_mib)
"""


def test_pages_of_a_mapped_file_are_no_memory_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "block"
    path.write_bytes(bytes(64 * MIB))
    told = subprocess.run([sys.executable, "-c", MAPPED, str(path)], capture_output=True, text=True, check=True)
    assert 60 < float(told.stdout) < 70


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
