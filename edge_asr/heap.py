"""Memory that was needed for a moment, given back: the allocator keeps it, and a small board has little."""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of glibc's malloc.h
_LARGE_BYTES = 2 << 20


def share_one_heap() -> None:
    """One heap for all threads that are still to come, in place of one each, where the C library can (glibc).

    What a thread's own heap has grown to at its end is never given back: of the second pass's up to 40 MiB. The threads
    of this process seldom ask for memory at the same time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, 2 * _LARGE_BYTES)


def give_back() -> None:
    """Hand free memory of this process back to the kernel, where the C library can (glibc). Takes milliseconds.

    Measured after loading the English bundle: 98 MiB resident in place of 114.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))
