"""The addresses that a port is opened on."""

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator, Callable
from typing import Literal

Where = Literal["off", "loopback", "lan"]
_ADDRESSES = {"loopback": ("127.0.0.1", "::1"), "lan": ("0.0.0.0", "::")}  # noqa: S104 - asked for
_NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_BACKLOG = 32


@contextlib.asynccontextmanager
async def listening(made: Callable[[], asyncio.Protocol], where: Where, port: int) -> AsyncIterator[None]:
    """Listen, until the block ends: IPv4, and IPv6 where there is any. Raises OSError when the port cannot be had.

    made: protocol of one connection. What is connected stays so.
    """
    loop = asyncio.get_running_loop()
    first, *others = _ADDRESSES[where]
    listeners: list[asyncio.Server] = []
    try:
        listeners.append(await loop.create_server(made, first, port, backlog=_BACKLOG))
        for address in others:
            try:
                listeners.append(await loop.create_server(made, address, port, backlog=_BACKLOG))
            except OSError as error:
                if error.errno not in _NO_IPV6:
                    raise
        yield
    finally:
        for listener in listeners:
            listener.close()
