"""The HTTP port as one of the sinks: what lasts goes on the board, what happens to whoever listens."""

import importlib
from contextlib import AbstractAsyncContextManager
from typing import cast

import msgspec

from edge_asr.commands import Reply
from edge_asr.controls import ControlValues
from edge_asr.events import CommandResponse, Event, Report
from edge_asr.http.reach import Reach
from edge_asr.ports.plan import PortPlan
from edge_asr.ports.port import Port

_SERVER = "edge_asr.http.server"  # loaded by the port's thread: aiohttp takes memory, and time to start
_FOR = {"loopback": "for programs of this machine", "lan": "for whoever has the token"}


class HttpSink:
    """Sink in front of the port's thread; nothing here waits for it."""

    def __init__(self, reach: Reach) -> None:
        self._board = reach.board
        self._hub = reach.hub
        self._port = Port(_plan(reach), reach.metrics)

    def start(self) -> None:
        """Open the port, as soon as it can be had."""
        self._port.start()

    def emit(self, event: Event) -> None:
        """Take one event. Any thread."""
        self._hub.event(event)

    def report(self, state: Report) -> None:
        """Take the newest of one kind of state. Any thread."""
        self._board.report(state)

    def answer(self, values: ControlValues) -> None:
        """Take the controls that are in force."""
        self._board.answer(values)

    def respond(self, response: CommandResponse, reply: Reply) -> None:
        """Tell the one client who has asked; not whoever asked on the broker."""
        if reply.way == "http":
            sent = (reply.correlation or b"").decode("utf-8", "replace")
            self._hub.tell("response", {**msgspec.structs.asdict(response), "id": sent}, to=reply.topic)

    def stop(self, deadline_s: float) -> None:
        """Close the port."""
        self._port.stop(deadline_s)


def _plan(reach: Reach) -> PortPlan:
    def serving() -> AbstractAsyncContextManager[None]:
        return cast("AbstractAsyncContextManager[None]", importlib.import_module(_SERVER).serving(reach))

    return PortPlan("http", reach.config.port, _FOR[reach.config.listen], serving)
