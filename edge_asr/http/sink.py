"""The HTTP port as one of the sinks: what the house tells goes on the board."""

from edge_asr.commands import Reply
from edge_asr.controls import ControlValues
from edge_asr.events import CommandResponse, Event, Report
from edge_asr.http.port import HttpPort
from edge_asr.http.reach import Reach


class HttpSink:
    """Sink in front of the port's thread; nothing here waits for it."""

    def __init__(self, reach: Reach) -> None:
        self._board = reach.board
        self._port = HttpPort(reach)

    def start(self) -> None:
        """Open the port, as soon as it can be had."""
        self._port.start()

    def emit(self, event: Event) -> None:
        """Take one event. Any thread."""

    def report(self, state: Report) -> None:
        """Take the newest of one kind of state. Any thread."""
        self._board.report(state)

    def answer(self, values: ControlValues) -> None:
        """Take the controls that are in force."""
        self._board.answer(values)

    def respond(self, response: CommandResponse, reply: Reply) -> None:
        """What was said to one alone is not for others."""

    def stop(self, deadline_s: float) -> None:
        """Close the port."""
        self._port.stop(deadline_s)
