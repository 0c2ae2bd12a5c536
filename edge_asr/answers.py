"""What becomes of a control is told to every sink and kept across restarts."""

from collections.abc import Callable, Sequence

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.control_file import ControlFile
from edge_asr.controls import ControlValues, Due, shown
from edge_asr.events import CommandResponse, Event
from edge_asr.sinks.sink import Sink

_SAVES_APART_NS = 2 * NS_PER_S  # a slider that is dragged must not wear the SD card


class Answers:
    """The supervisor's thread alone. `fault_event` makes the event of a command that was refused."""

    def __init__(
        self,
        sinks: Sequence[Sink],
        file: ControlFile,
        fault_event: Callable[[str], Event],
        clock: Clock,
        device_id: str = "",
    ) -> None:
        self._sinks = sinks
        self._file = file
        self._fault_event = fault_event
        self._clock = clock
        self._device_id = device_id
        self._unsaved: ControlValues | None = None
        self._saved_ns: int | None = None
        self._mute = False

    def applied(self, values: ControlValues, in_force: ControlValues | None = None) -> None:
        """`values` are to be kept, `in_force` (None: the same) is told.

        A mute is on the disk before anybody is told: who was told may cut the power.
        """
        self._unsaved = values
        if values.mute and not self._mute:
            self.keep(at_once=True)
        self._mute = values.mute
        for sink in self._sinks:
            sink.answer(values if in_force is None else in_force)

    def refused(self, fault: str) -> None:
        """A command was not understood."""
        event = self._fault_event(fault)
        for sink in self._sinks:
            sink.emit(event)

    def respond(self, due: Due, in_force: ControlValues) -> None:
        """Tell the sender of a command what became of it."""
        response = CommandResponse(
            device_id=self._device_id,
            control=due.control,
            accepted=not due.fault,
            value=shown(due.control, in_force),
            message=due.fault,
        )
        for sink in self._sinks:
            sink.respond(response, due.reply)

    def keep(self, *, at_once: bool = False) -> None:
        """Save what is not saved: a first change now, what soon follows it, or cannot be saved, a little later."""
        now_ns = self._clock.monotonic_ns()
        recent = self._saved_ns is not None and now_ns - self._saved_ns < _SAVES_APART_NS
        if self._unsaved is None or (recent and not at_once):
            return
        self._saved_ns = now_ns
        if self._file.save(self._unsaved):
            self._unsaved = None
