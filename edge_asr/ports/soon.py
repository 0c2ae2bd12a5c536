"""From any thread into a port's loop."""

import asyncio
import contextlib
from collections.abc import Callable


def soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Call it in the loop's thread; any thread, and nothing where the loop has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call)
