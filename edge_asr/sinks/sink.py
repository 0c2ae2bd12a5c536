"""The seam behind which events leave the house."""

from typing import Protocol

from edge_asr.commands import Reply
from edge_asr.controls import ControlValues
from edge_asr.events import CommandResponse, Event, Report


class Sink(Protocol):
    """Where events go. A sink never blocks its caller and never raises: what it cannot deliver it counts."""

    def start(self) -> None:
        """Begin; returns at once even when the other side is away."""
        ...

    def emit(self, event: Event) -> None:
        """Take one event. Called from any thread; never blocks."""
        ...

    def report(self, state: Report) -> None:
        """Take the newest state of the device, of its load or of its model. Called from any thread; never blocks."""
        ...

    def answer(self, values: ControlValues) -> None:
        """Take the controls that are in force now. Called from the supervisor's thread; never blocks."""
        ...

    def respond(self, response: CommandResponse, reply: Reply) -> None:
        """Take what became of a command, for who has sent it. From the supervisor's thread; never blocks."""
        ...

    def stop(self, deadline_s: float) -> None:
        """Deliver what waits, for at most `deadline_s`, and end every thread of this sink."""
        ...
