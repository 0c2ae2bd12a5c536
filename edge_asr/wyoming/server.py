"""The server itself: connections and their limit. Imported by the port's thread, when the port is on."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from wyoming.error import Error

from edge_asr.ports.listening import listening
from edge_asr.sinks.connection_news import ConnectionNews
from edge_asr.wyoming.announcer import announced
from edge_asr.wyoming.info import Card
from edge_asr.wyoming.reach import WyomingReach
from edge_asr.wyoming.visit import Visit
from edge_asr.wyoming.wire import LINE_BYTES, written

log = logging.getLogger(__name__)

_BUFFER_BYTES = 64 * 1024
_FULL = "too many connections at one time; close some, or raise wyoming.max_connections"


@contextlib.asynccontextmanager
async def serving(reach: WyomingReach) -> AsyncIterator[None]:
    """Listen, until the block ends. Raises OSError when a port cannot be had."""
    visitors, config = _Visitors(reach), reach.config
    news = ConnectionNews(log, "zeroconf")
    try:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(listening(visitors.protocol, config.listen, config.port))
            if config.zeroconf and config.listen == "lan":
                await stack.enter_async_context(announced(reach.device_id, config.port, news))
            yield
    finally:
        await visitors.close()


class _Visitors:
    """All who are connected. What fails with one costs that one."""

    def __init__(self, reach: WyomingReach) -> None:
        self._reach = reach
        self._card = Card(reach)
        self._news = ConnectionNews(log, "wyoming")
        self._visits: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._closed = False

    def protocol(self) -> asyncio.Protocol:
        """Protocol of a new connection."""
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(LINE_BYTES), self._came)

    async def close(self) -> None:
        """Send all of them away, and who comes now too."""
        self._closed = True
        visits = dict(self._visits)
        for visit, writer in visits.items():
            visit.cancel()
            writer.transport.abort()  # one that has not begun would not close it
        await asyncio.gather(*visits, return_exceptions=True)

    def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closed:
            writer.transport.abort()
            return
        if len(self._visits) >= self._reach.config.max_connections:
            self._reach.metrics.wyoming_answers.labels(outcome="connections").inc()
            writer.write(written(Error(_FULL, "too_many_connections")))
            writer.close()
            return
        writer.transport.set_write_buffer_limits(_BUFFER_BYTES)
        visit = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._visits[visit] = writer
        visit.add_done_callback(self._visits.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await Visit(reader, writer, self._reach, self._card).serve()
        except Exception as error:  # noqa: BLE001 - the connection's edge
            self._reach.metrics.sink_errors.labels(sink="wyoming").inc()
            self._news.limited(f"wyoming: a connection failed ({type(error).__name__}: {error})")
            writer.transport.abort()
