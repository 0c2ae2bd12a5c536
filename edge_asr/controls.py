"""What people may change while the daemon runs: the last word on each control, from whoever spoke it."""

import signal
import threading
from collections import deque
from collections.abc import Sequence
from types import FrameType
from typing import NamedTuple

from msgspec.structs import replace

from edge_asr.commands import PRESS, Control, Reply, gain_said, listen_said, mute_said, sensitivity_said
from edge_asr.control_values import UNKNOWN, Choice, ControlValues, shown
from edge_asr.errors import CommandError
from edge_asr.hearing import heard_with, hearing_of
from edge_asr.hearing_wishes import HearingWishes
from edge_asr.metrics import Metrics

__all__ = ["MUTED", "UNKNOWN", "Choice", "ControlValues", "Controls", "Due", "Wanted", "shown"]

_FAULTS_AT_MOST = 4  # that wait to be told; the supervisor comes by several times a second
_REPLIES_AT_MOST = 16
MUTED = "it is muted and hears nothing; send OFF to mute/set first"


class Wanted(NamedTuple):
    """What is wanted now, what of it was commanded since the last time, and which commands were refused since."""

    values: ControlValues
    commanded: frozenset[Control]
    faults: tuple[str, ...]


class Due(NamedTuple):
    """A command whose sender wants to hear what became of it; `fault` is why it was refused."""

    control: Control
    reply: Reply
    fault: str = ""


class Controls:
    """Hands wishes over: signals and the broker's thread speak, the supervisor takes. Of many the last counts.

    configured: what holds when nobody has spoken. wanted: what was last said, before this process maybe.
    takes_sentences: whether others may replace those of the configuration.
    """

    def __init__(
        self,
        configured: ControlValues,
        wanted: ControlValues,
        metrics: Metrics,
        choices: Sequence[Choice] = (),
        *,
        takes_sentences: bool = True,
    ) -> None:
        self.configured = configured
        self.choices = tuple(choices)
        self._metrics = metrics
        self._hearing = HearingWishes(configured, self.choices, takes_sentences=takes_sentences)
        self._hangups = self._hangups_taken = 0  # a signal counts the former, the supervisor the latter
        self._mute = wanted.mute  # a signal writes it too, without the lock
        self._lock = threading.Lock()  # guards all that follows
        self._values = wanted
        self._listen_s: int | None = None
        self._pressed = False
        self._read_again = False
        self._commanded: set[Control] = set()
        self._faults: deque[str] = deque()
        self._due: deque[Due] = deque()

    def signalled(self, number: int, _frame: FrameType | None = None) -> None:
        """Handle SIGUSR1 (mute) and SIGUSR2 (listen again): for a button, a script, a key.

        It takes no lock: the thread that it interrupts may hold it.
        """
        self._mute = number == signal.SIGUSR1

    def hung_up(self, _number: int, _frame: FrameType | None = None) -> None:
        """Handle SIGHUP: read the sentences again. It takes no lock, as above."""
        self._hangups += 1

    @property
    def muted(self) -> bool:
        """Whether that is wanted. Any thread."""
        return self._mute

    def command(self, control: Control, payload: bytes, *, retained: bool, reply: Reply | None = None) -> None:
        """Take a command. Any thread; never blocks for long, never raises, runs nothing.

        A retained one is not executed: it is as old as the broker's memory, and nobody has just said it.
        """
        with self._lock:
            fault = ""
            if retained and not payload:  # that is how what lay there is taken away
                self._count(control, "emptied")
                return
            try:
                if retained:
                    raise _retained(control)
                self._obey(control, payload)
            except CommandError as error:
                fault = str(error)
                self._refuse(control, fault, "retained" if retained else "malformed")
            else:
                if control in self._commanded:
                    self._count(control, "superseded")
                self._commanded.add(control)
            if reply is not None:
                self._promise(Due(control, reply, fault))

    def refuse(self, control: Control, fault: str) -> None:
        """Take a command that is not to be executed, for that reason. Any thread."""
        with self._lock:
            self._refuse(control, fault, "malformed")

    def take(self) -> Wanted:
        """What is wanted now. The supervisor's thread."""
        with self._lock:
            commanded, self._commanded = self._commanded, set()
            faults = tuple(self._faults)
            self._faults.clear()
            values = replace(self._values, mute=self._mute)
        for control in commanded:
            self._count(control, "taken")
        return Wanted(values, frozenset(commanded), faults)

    def take_due(self) -> tuple[Due, ...]:
        """Who waits to hear what became of a command, since the last time; after `take`. The supervisor's thread."""
        with self._lock:
            due = tuple(self._due)
            self._due.clear()
            return due

    def take_press(self) -> tuple[bool, int | None]:
        """Whether to listen at once was commanded since the last time, and for how many seconds if it was said."""
        with self._lock:
            pressed, self._pressed = self._pressed, False
            return pressed, self._listen_s

    def take_read_again(self) -> bool:
        """Whether to read the sentences again was asked for since the last time. The supervisor's thread."""
        with self._lock:
            asked, self._read_again = self._read_again, False
        hangups = self._hangups  # read once: a signal may come at any time
        signalled, self._hangups_taken = hangups != self._hangups_taken, hangups
        return asked or signalled

    def give_up(self, failed: ControlValues, back_to: ControlValues) -> None:
        """Want no longer what could not be done, of gain and what is listened with; newer words stay. Any thread."""
        with self._lock:
            now = self._values
            if now.gain == failed.gain:
                now = replace(now, gain=back_to.gain)
            if hearing_of(now) == hearing_of(failed):
                now = heard_with(now, hearing_of(back_to))
            self._values = now

    def _obey(self, control: Control, payload: bytes) -> None:
        match control:
            case "mute":
                self._mute = mute_said(payload)
            case "sensitivity":
                self._values = replace(self._values, sensitivity=sensitivity_said(payload))
            case "gain":
                self._values = replace(self._values, gain=gain_said(payload))
            case "listen":
                self._listen_s = listen_said(payload)
                if self._mute:
                    raise CommandError(f"listen/set: {MUTED}")
                self._pressed = True
            case "commands" if payload.strip() == PRESS.encode():  # a script sends a line
                self._hearing.may_read_again(self._values)
                self._read_again = True
            case _:
                before, self._values = self._values, self._hearing.wanted(control, payload, self._values)
                # those of the configuration, which are in force: whoever says so means what they are now
                again = control == "commands" and not (before.sentences or self._values.sentences)
                self._read_again = self._read_again or again

    def _promise(self, due: Due) -> None:
        if len(self._due) < _REPLIES_AT_MOST:
            self._due.append(due)
        else:
            self._metrics.events_dropped.labels(sink=due.reply.way, reason="response").inc()

    def _refuse(self, control: Control, fault: str, outcome: str) -> None:
        if len(self._faults) < _FAULTS_AT_MOST:
            self._faults.append(fault)
            self._count(control, outcome)
        else:
            self._count(control, f"{outcome}_untold")

    def _count(self, control: Control, outcome: str) -> None:
        self._metrics.commands.labels(control=control, outcome=outcome).inc()


def _retained(control: Control) -> CommandError:
    return CommandError(
        f"{control}/set: a retained message is refused, nobody may have just said it; send it without retain, and take "
        "it off the broker with an empty retained one, mosquitto_pub -r -n"
    )
