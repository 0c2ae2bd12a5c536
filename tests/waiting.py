"""Waiting for something that happens in another thread or process."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], deadline_s: float, what: str) -> float:
    """Seconds until `condition` held; fails the test when it does not within the deadline."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > deadline_s:
            raise AssertionError(f"{what}: not within {deadline_s:g} s")
        time.sleep(0.01)
    return time.monotonic() - began
