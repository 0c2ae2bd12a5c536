"""What waits for one client of a port: bounded, and who does not take it is cut off."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

_WAITING_AT_MOST = 64  # of the HTTP port some seconds of levels and partials
_SEND_DEADLINE_S = 10.0


class Outbox:
    """The loop's thread. What is put leaves in a task of its own, which `send` is. put_out: takes one to the client."""

    def __init__(self, put_out: Callable[[bytes], Awaitable[None]], transport: asyncio.BaseTransport | None) -> None:
        self._put_out = put_out
        self._transport = transport
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(_WAITING_AT_MOST)
        self.too_slow = False

    def put(self, body: bytes) -> None:
        """Take a frame; raises asyncio.QueueFull."""
        self._waiting.put_nowait(body)

    def cut_off(self) -> None:
        """End the connection at once: what still waits for the other side is let go."""
        self.too_slow = True
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()

    async def send(self) -> None:
        """Send what comes, until the connection ends."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            while True:
                body = await self._waiting.get()
                async with asyncio.timeout(_SEND_DEADLINE_S):
                    await self._put_out(body)
                self._waiting.task_done()
        self.cut_off()

    async def sent(self, deadline_s: float) -> None:
        """Wait until all of it has left, for so long at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                await self._waiting.join()
