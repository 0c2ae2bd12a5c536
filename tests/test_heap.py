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
