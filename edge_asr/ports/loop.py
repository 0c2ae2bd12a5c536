"""The asyncio loop of a port's thread; imported there, when the port is on."""

import asyncio
import logging
import threading

from edge_asr.metrics import Metrics
from edge_asr.ports.plan import PortPlan
from edge_asr.sinks.connection_news import ConnectionNews

log = logging.getLogger(__name__)


class ServerLoop:
    """One opening of the port. `run` is the thread's; `stop` is for any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards that a loop which has ended is not called any more
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopped = False

    def run(self, plan: PortPlan, metrics: Metrics, news: ConnectionNews) -> None:
        """Serve until told to stop. Raises OSError when the port cannot be had."""
        asyncio.run(self._serve(plan, metrics, news))

    def stop(self) -> None:
        """Make `run` return soon, also when it has not begun yet."""
        with self._lock:
            self._stopped = True
            if self._loop is not None and self._stop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)

    async def _serve(self, plan: PortPlan, metrics: Metrics, news: ConnectionNews) -> None:
        def failed(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
            metrics.sink_errors.labels(sink=plan.section).inc()
            news.limited(f"{plan.section}: {context.get('message')} ({context.get('exception')!r})")

        loop = asyncio.get_running_loop()
        loop.set_exception_handler(failed)  # what no handler held is one line of a log that never fills
        try:
            with self._lock:
                self._loop, self._stop = loop, asyncio.Event()
                if self._stopped:
                    return
            async with plan.serving():
                told = {"section": plan.section, "port": plan.port, "whom": plan.for_whom}
                log.info("%(section)s: port %(port)d is open, %(whom)s", told)
                await self._stop.wait()
        finally:
            with self._lock:
                self._loop = self._stop = None
