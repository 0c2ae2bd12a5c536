"""The clients that hear all events: each with its own bounded queue, and one that is too slow is cut off."""

import asyncio
import contextlib
import itertools

from aiohttp import WSCloseCode, web

from edge_asr.http.hub import Hub
from edge_asr.metrics import Metrics
from edge_asr.ports.outbox import Outbox
from edge_asr.ports.soon import soon

_FAREWELL_S = 0.1


class Listener(Outbox):
    """One client."""

    def __init__(self, name: str, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None) -> None:
        super().__init__(lambda body: socket.send_str(body.decode()), transport)
        self.name = name
        self._socket = socket

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
