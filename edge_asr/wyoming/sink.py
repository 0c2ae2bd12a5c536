"""The Wyoming port among the sinks, for its start and its end: no event of the microphone leaves by it."""

import importlib
from contextlib import AbstractAsyncContextManager
from typing import cast

from edge_asr.commands import Reply
from edge_asr.controls import ControlValues
from edge_asr.events import CommandResponse, Event, Report
from edge_asr.ports.plan import PortPlan
from edge_asr.ports.port import Port
from edge_asr.wyoming.reach import WyomingReach

_SERVER = "edge_asr.wyoming.server"  # loaded by the port's thread, as all that only the port needs
_FOR = {"loopback": "for programs of this machine", "lan": "for whoever reaches it"}


class WyomingSink:
    """Sink in front of the port's thread; nothing here waits for it."""

    def __init__(self, reach: WyomingReach) -> None:
        def serving() -> AbstractAsyncContextManager[None]:
            return cast("AbstractAsyncContextManager[None]", importlib.import_module(_SERVER).serving(reach))

        config = reach.config
        self._port = Port(PortPlan("wyoming", config.port, _FOR[config.listen], serving), reach.metrics)

    def start(self) -> None:
        """Open the port, as soon as it can be had."""
        self._port.start()

    def emit(self, event: Event) -> None:
        """Nothing: its clients hear what they have said themselves."""

    def report(self, state: Report) -> None:
        """Nothing."""

    def answer(self, values: ControlValues) -> None:
        """Nothing."""

    def respond(self, response: CommandResponse, reply: Reply) -> None:
        """Nothing: no command comes by this port."""

    def stop(self, deadline_s: float) -> None:
        """Close the port."""
        self._port.stop(deadline_s)
