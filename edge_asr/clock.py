"""The only file that asks what time it is."""

import ctypes
import time
from datetime import UTC, datetime
from typing import Protocol

NS_PER_S = 1_000_000_000
_STA_UNSYNC = 0x0040  # linux/timex.h
_TIMEX_BYTES = 256  # struct timex is 208 bytes on 64-bit Linux; room to spare
_TIMEX_STATUS_INT = 10  # `int status` stands at byte 40: modes (4+4), offset, freq, maxerror, esterror (4 x 8)


class Clock(Protocol):
    """Time as the house sees it; tests bring their own."""

    def monotonic_ns(self) -> int:
        """Nanoseconds that never jump; for every duration and deadline."""
        ...

    def now(self) -> datetime:
        """Wall time in UTC; only for what a person reads in an event."""
        ...

    def synced(self) -> bool:
        """Whether the kernel says that the wall clock is set by a time server."""
        ...


class SystemClock:
    """The machine's own clocks. Safe from any thread."""

    def monotonic_ns(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC."""
        return time.monotonic_ns()

    def now(self) -> datetime:
        """Wall time in UTC."""
        return datetime.now(UTC)

    def synced(self) -> bool:
        """Ask adjtimex(2), read-only; False where it cannot be asked."""
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            timex = (ctypes.c_int * (_TIMEX_BYTES // 4))()
            state = libc.adjtimex(ctypes.byref(timex))
        except (OSError, AttributeError):
            return False
        return state >= 0 and not timex[_TIMEX_STATUS_INT] & _STA_UNSYNC
