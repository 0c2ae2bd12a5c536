"""The HTTP port as one of the sinks: what lasts goes on the board, what happens to whoever listens."""

import msgspec

from edge_asr.commands import Reply
from edge_asr.controls import ControlValues
from edge_asr.events import CommandResponse, Event, Report
from edge_asr.http.port import HttpPort
from edge_asr.http.reach import Reach


class HttpSink:
    """Sink in front of the port's thread; nothing here waits for it."""

    def __init__(self, reach: Reach) -> None:
        self._board = reach.board
        self._hub = reach.hub
        self._port = HttpPort(reach)

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
