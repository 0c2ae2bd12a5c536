"""The clients that hear all events: each with its own bounded queue, and one that is too slow is cut off."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable

from aiohttp import WSCloseCode, web

from edge_asr.http.hub import Hub
from edge_asr.metrics import Metrics

_WAITING_AT_MOST = 64  # some seconds of levels and partials
_SEND_DEADLINE_S = 10.0
_FAREWELL_S = 0.1


class Listener:
    """One client. Its frames leave in a task of their own."""

    def __init__(self, name: str, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None) -> None:
        self.name = name
        self._socket = socket
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
                    await self._socket.send_str(body.decode())
                self._waiting.task_done()
        self.cut_off()

    async def sent(self, deadline_s: float) -> None:
        """Wait until all of it has left, for so long at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                await self._waiting.join()

    async def farewell(self) -> None:
        """Tell the other side that this device stops, or is about to begin anew."""
        await self._socket.close(code=WSCloseCode.GOING_AWAY)


class Listeners:
    """All of them. The loop's thread alone."""

    def __init__(self, hub: Hub, metrics: Metrics) -> None:
        self._hub = hub
        self._metrics = metrics
        self._all: dict[str, Listener] = {}
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._all)

    def join(self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None) -> Listener:
        """One more, who hears whatever is told from now on."""
        listener = Listener(str(next(self._numbers)), socket, transport)
        if not self._all:
            loop = asyncio.get_running_loop()
            self._hub.listen(lambda: soon(loop, self._hand_out))
        self._all[listener.name] = listener
        self._metrics.http_listeners.set(len(self._all))
        return listener

    def leave(self, listener: Listener) -> None:
        """One less."""
        self._all.pop(listener.name, None)
        self._metrics.http_listeners.set(len(self._all))
        if not self._all:
            self._hub.deaf()

    async def close(self) -> None:
        """Say goodbye to all, as far as they hear it."""
        farewells = [listener.farewell() for listener in list(self._all.values())]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await asyncio.gather(*farewells, return_exceptions=True)

    def _hand_out(self) -> None:
        for frame in self._hub.take():
            for listener in list(self._all.values()):
                if frame.to not in (None, listener.name) or listener.too_slow:
                    continue
                try:
                    listener.put(frame.body)
                except asyncio.QueueFull:
                    self._metrics.http_listeners_dropped.inc()
                    listener.cut_off()


def soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Call it in the loop's thread; any thread, and nothing where the loop has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call)
