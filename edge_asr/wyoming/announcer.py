"""Tells the network by multicast DNS where the port is, so that Home Assistant finds it by itself."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from zeroconf import Error as ZeroconfError
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from edge_asr.sinks.connection_news import ConnectionNews

TYPE = "_wyoming._tcp.local."
_LOOK_S = 20.0  # how often the address is looked at: it may come late after a start, or change
_GOODBYE_S = 1.0
_MULTICAST = ("224.0.0.251", 5353)
_NAME_BYTES = 63


@contextlib.asynccontextmanager
async def announced(device_id: str, port: int, news: ConnectionNews) -> AsyncIterator[None]:
    """Announce it, until the block ends; what goes wrong with that costs the announcement, and is tried again."""
    announcer = _Announcer(f"edge_asr-{device_id}"[:_NAME_BYTES], port, news)
    task = asyncio.create_task(announcer.keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with contextlib.suppress(TimeoutError, OSError, ZeroconfError):
            async with asyncio.timeout(_GOODBYE_S):
                await announcer.end()


def own_address() -> str:
    """The IPv4 address by which this machine is reached; nothing is sent to learn it. Raises OSError without any."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_MULTICAST)
        return str(probe.getsockname()[0])


class _Announcer:
    """The loop's thread."""

    def __init__(self, name: str, port: int, news: ConnectionNews) -> None:
        self._name = name
        self._port = port
        self._news = news
        self._address = ""
        self._zeroconf: AsyncZeroconf | None = None

    async def keep(self) -> None:
        """Announce it on whatever address this machine has."""
        while True:
            try:
                address = own_address()
                if address != self._address:
                    await self.end()
                    await self._begin(address)
            except (OSError, ZeroconfError) as error:
                why = str(error) or type(error).__name__
                self._news.limited(f"wyoming: the network is not told of this port yet, add it by hand: {why}")
            await asyncio.sleep(_LOOK_S)

    async def _begin(self, address: str) -> None:
        # an address and no choice: to look for interfaces takes netlink, which the service has not
        self._zeroconf = AsyncZeroconf(interfaces=[address])
        service = AsyncServiceInfo(TYPE, f"{self._name}.{TYPE}", port=self._port, addresses=[socket.inet_aton(address)])
        await (await self._zeroconf.async_register_service(service, allow_name_change=True))
        self._address = address

    async def end(self) -> None:
        """Take it back."""
        zeroconf, self._zeroconf, self._address = self._zeroconf, None, ""
        if zeroconf is not None:
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()
