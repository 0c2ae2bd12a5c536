"""WebSocket clients of the port, for tests that are not asynchronous themselves."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

Socket = aiohttp.ClientWebSocketResponse


@asynccontextmanager
async def joined(
    port: int, path: str = "/ws", headers: dict[str, str] | None = None, **options: Any
) -> AsyncIterator[Socket]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{port}{path}", headers=headers, **options) as socket,
    ):
        yield socket


async def told(socket: Socket, topic: str, deadline_s: float = 10.0) -> Any:
    """Payload of the next frame of that topic; the others are passed by."""
    async with asyncio.timeout(deadline_s):
        while True:
            frame = json.loads(await socket.receive_str())
            if frame["topic"] == topic:
                return frame["payload"]


def done(work: Callable[[], Awaitable[None]]) -> None:
    """Run it to its end, for half a minute at most."""

    async def within() -> None:
        async with asyncio.timeout(30):
            await work()

    asyncio.run(within())
