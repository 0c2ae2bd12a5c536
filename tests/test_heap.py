"""What was needed for a moment goes back to the kernel."""

import ctypes
import subprocess
import sys

import pytest

# A whole program of its own: the memory of other tests comes and goes.
LOADED = """
import ctypes, os
from edge_asr.bench.resident import resident
from edge_asr.heap import give_back
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
size = 64 * 1024  # below what the allocator hands back by itself
blocks = [malloc(size) for _ in range(512)]
for block in blocks:
    ctypes.memset(block, 1, size)
for block in blocks[:-1]:  # the last one keeps the heap from shrinking at its end
    free(block)
before = resident(os.getpid()).anon_mib
give_back()
print(before - resident(os.getpid()).anon_mib)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="this C library has no malloc_trim")
def test_free_memory_in_the_middle_of_the_heap_is_given_back() -> None:
    told = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert float(told.stdout) > 24


BY_A_THREAD = """
import ctypes, os, sys, threading
from edge_asr.bench.resident import resident
from edge_asr.heap import give_back, share_one_heap
if sys.argv[1] == "one":
    share_one_heap()
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
def compute():
    size = 8 * 1024 * 1024
    large = malloc(size)  # mapped; freeing it tells the allocator to keep such sizes from now on
    free(large)
    blocks = [malloc(size // 2) for _ in range(3)]  # all below what it keeps free
    for block in blocks:
        ctypes.memset(block, 1, size // 2)
    for block in reversed(blocks):
        free(block)
    done.set()
    end.wait()
done, end = threading.Event(), threading.Event()
thread = threading.Thread(target=compute)
before = resident(os.getpid()).anon_mib
thread.start()
done.wait()
give_back()
print(resident(os.getpid()).anon_mib - before)
end.set()
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="this C library has no mallopt")
def test_what_a_thread_has_used_up_to_the_end_of_its_heap_is_given_back_when_it_is_the_heap_of_all() -> None:
    kept = {
        which: float(
            subprocess.run(
                [sys.executable, "-c", BY_A_THREAD, which], capture_output=True, text=True, check=True
            ).stdout
        )
        for which in ("own", "one")
    }
    assert kept["one"] < 4, kept
    assert kept["own"] > 8, kept


LARGE = """
import ctypes, os, sys
from edge_asr.bench.resident import resident
from edge_asr.heap import share_one_heap
if sys.argv[1] == "one":
    share_one_heap()
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
size = 4 * 1024 * 1024
free(malloc(2 * size))  # tells the allocator to keep such sizes from now on, unless it is told otherwise
before = resident(os.getpid()).anon_mib
blocks = [malloc(size) for _ in range(3)]
for block in blocks:
    ctypes.memset(block, 1, size)
for block in reversed(blocks):
    free(block)
print(resident(os.getpid()).anon_mib - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="this C library has no mallopt")
def test_large_blocks_go_back_by_themselves_in_the_heap_of_all() -> None:
    kept = {
        which: float(
            subprocess.run([sys.executable, "-c", LARGE, which], capture_output=True, text=True, check=True).stdout
        )
        for which in ("own", "one")
    }
    assert kept["one"] < 2, kept
    assert kept["own"] > 8, kept
