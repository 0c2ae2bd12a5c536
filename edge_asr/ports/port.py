"""The thread of a port, and the port itself, which it may have to wait for."""

import errno
import importlib
import logging
import threading
from collections.abc import Callable
from typing import Protocol, cast

from edge_asr.metrics import Metrics
from edge_asr.ports.plan import PortPlan
from edge_asr.sinks.connection_news import ConnectionNews

log = logging.getLogger(__name__)

_LOOP = "edge_asr.ports.loop"  # loaded when it is needed: asyncio takes memory, and time to start
_AGAIN_MIN_S, _AGAIN_MAX_S = 1.0, 30.0


class _Loop(Protocol):
    def run(self, plan: PortPlan, metrics: Metrics, news: ConnectionNews) -> None: ...

    def stop(self) -> None: ...


class Port:
    """`start` and `stop` are for one thread. Whatever happens in its own costs the port alone, and is tried again."""

    def __init__(self, plan: PortPlan, metrics: Metrics) -> None:
        self._plan = plan
        self._metrics = metrics
        self._where = f"port {plan.port}"
        self._news = ConnectionNews(log, self._where)
        self._stopping = threading.Event()
        self._loop: _Loop | None = None
        self._thread = threading.Thread(target=self._run, name=plan.section, daemon=True)

    def start(self) -> None:
        """Start the thread. Returns at once, whether the port can be had or not."""
        self._thread.start()

    def stop(self, deadline_s: float) -> None:
        """Close the port and every connection; what takes longer is left to the process' end."""
        self._stopping.set()
        loop = self._loop
        if loop is not None:
            loop.stop()
        if self._thread.is_alive():
            self._thread.join(deadline_s)

    def _run(self) -> None:
        again_s = _AGAIN_MIN_S
        while not self._stopping.is_set():
            fault = self._attempt()
            if not fault:
                return
            self._news.limited(f"{self._plan.section}: {fault}")
            self._stopping.wait(again_s)
            again_s = min(_AGAIN_MAX_S, 2 * again_s)

    def _attempt(self) -> str:
        """Serve until told to stop; else why not."""
        try:
            made = cast("Callable[[], _Loop]", importlib.import_module(_LOOP).ServerLoop)
            self._loop = loop = made()
            if not self._stopping.is_set():  # who stops from now on finds the loop
                loop.run(self._plan, self._metrics, self._news)
        except ImportError as error:
            return f"the port stays closed, a library is missing ({error}): install it"
        except OSError as error:
            return f"{self._where} cannot be opened, and is tried again: {self._why(error)}"
        except Exception as error:  # noqa: BLE001 - the thread's edge: it costs the port for a while, nothing else
            self._metrics.sink_errors.labels(sink=self._plan.section).inc()
            return f"the port failed, and is opened anew ({type(error).__name__}: {error})"
        return ""

    def _why(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            return f"another program has it; end that one, or set {self._plan.section}.port to another"
        if error.errno in {errno.EACCES, errno.EPERM}:
            return f"this user may not have it; set {self._plan.section}.port to one above 1023"
        return error.strerror or str(error)
