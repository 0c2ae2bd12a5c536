"""Memory that was needed for a moment, given back: the allocator keeps it, and a small board has little."""

import ctypes


def give_back() -> None:
    """Hand free memory of this process back to the kernel, where the C library can (glibc). Takes milliseconds.

    Measured after loading the English bundle: 98 MiB resident in place of 114.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))
