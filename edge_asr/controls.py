"""What people may change while the daemon runs: the last word on each control, from whoever spoke it."""

import signal
import threading
from collections import deque
from types import FrameType
from typing import NamedTuple

from msgspec import Struct

from edge_asr.commands import Control, mute_said, sensitivity_said
from edge_asr.errors import CommandError
from edge_asr.metrics import Metrics

_FAULTS_AT_MOST = 4  # that wait to be told; the supervisor comes by several times a second


class ControlValues(Struct, frozen=True):
    """One value for each control."""

    mute: bool
    sensitivity: int


class Wanted(NamedTuple):
    """What is wanted now, whether it was commanded since the last time, and which commands were refused since."""

    values: ControlValues
    commanded: bool
    faults: tuple[str, ...]


class Controls:
    """Hands wishes over: signals and the broker's thread speak, the supervisor takes. Of many the last counts.

    configured: what holds when nobody has spoken. wanted: what was last said, before this process maybe.
    """

    def __init__(self, configured: ControlValues, wanted: ControlValues, metrics: Metrics) -> None:
        self.configured = configured
        self._metrics = metrics
        self._mute = wanted.mute  # a signal writes it too, without the lock
        self._sensitivity = wanted.sensitivity
        self._lock = threading.Lock()  # guards the two below
        self._commanded: set[Control] = set()
        self._faults: deque[str] = deque()

    def signalled(self, number: int, _frame: FrameType | None = None) -> None:
        """Handle SIGUSR1 (mute) and SIGUSR2 (listen again): for a button, a script, a key.

        It takes no lock: the thread that it interrupts may hold it.
        """
        self._mute = number == signal.SIGUSR1

    def command(self, control: Control, payload: bytes, *, retained: bool) -> None:
        """Take a command. Any thread; never blocks for long, never raises, runs nothing.

        A retained one is not executed: it is as old as the broker's memory, and nobody has just said it.
        """
        with self._lock:
            if retained:
                self._refuse_retained(control, payload)
                return
            try:
                if control == "mute":
                    self._mute = mute_said(payload)
                else:
                    self._sensitivity = sensitivity_said(payload)
            except CommandError as error:
                self._refuse(control, str(error))
                return
            if control in self._commanded:
                self._count(control, "superseded")
            self._commanded.add(control)

    def take(self) -> Wanted:
        """What is wanted now. The supervisor's thread."""
        with self._lock:
            commanded, self._commanded = self._commanded, set()
            faults = tuple(self._faults)
            self._faults.clear()
            values = ControlValues(self._mute, self._sensitivity)
        for control in commanded:
            self._count(control, "taken")
        return Wanted(values, bool(commanded), faults)

    def _refuse_retained(self, control: Control, payload: bytes) -> None:
        if not payload:  # that is how what lay there is taken away
            self._count(control, "emptied")
            return
        self._refuse(
            control,
            f"{control}/set: a retained message is refused, nobody may have just said it; send it without retain, and "
            "take it off the broker with an empty retained one, mosquitto_pub -r -n",
            "retained",
        )

    def _refuse(self, control: Control, fault: str, outcome: str = "malformed") -> None:
        if len(self._faults) < _FAULTS_AT_MOST:
            self._faults.append(fault)
            self._count(control, outcome)
        else:
            self._count(control, f"{outcome}_untold")

    def _count(self, control: Control, outcome: str) -> None:
        self._metrics.commands.labels(control=control, outcome=outcome).inc()
