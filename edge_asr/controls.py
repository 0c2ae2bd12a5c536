"""What people may change while the daemon runs: the last word on each control, from whoever spoke it."""

import signal
import threading
from collections import deque
from collections.abc import Sequence
from types import FrameType
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from edge_asr.commands import (
    MODES,
    OFF,
    ON,
    Control,
    Reply,
    gain_said,
    hotwords_said,
    listen_said,
    mute_said,
    name_said,
    refusal,
    sensitivity_said,
)
from edge_asr.errors import CommandError
from edge_asr.metrics import Metrics

_FAULTS_AT_MOST = 4  # that wait to be told; the supervisor comes by several times a second
_REPLIES_AT_MOST = 16
UNKNOWN = "unknown"
MUTED = "it is muted and hears nothing; send OFF to mute/set first"


class ControlValues(Struct, frozen=True):
    """One value for each control: as it is wanted, or as it is in force."""

    mute: bool
    sensitivity: int
    gain: int | None = None  # percent; None: whatever the sound system has, or not known
    model: str = ""  # the bundle; what is wanted of the language is in it too
    hotwords: tuple[str, ...] = ()  # none: as configured
    language: str = ""  # in force: the model's
    listening: bool = False  # in force: whether it listens without waiting for a voice
    mode: str = ""  # what is listened for, one of MODES; empty: there are no sentences, and nothing to choose


def shown(control: Control, values: ControlValues) -> str:
    """What is in force of a control, as it is told on its topic."""
    texts: dict[Control, str] = {
        "mute": ON if values.mute else OFF,
        "sensitivity": str(values.sensitivity),
        "gain": UNKNOWN if values.gain is None else str(values.gain),
        "model": values.model,
        "language": values.language,
        "listen": ON if values.listening else OFF,
        "hotwords": "\n".join(values.hotwords),
        "mode": values.mode,
    }
    return texts[control]


class Choice(NamedTuple):
    """A bundle that could be listened with.

    phrases: whether it can be told phrases to listen for; sentences: whether it can hear sentences as commands.
    """

    model: str
    language: str
    phrases: bool
    sentences: bool = False


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
    """

    def __init__(
        self, configured: ControlValues, wanted: ControlValues, metrics: Metrics, choices: Sequence[Choice] = ()
    ) -> None:
        self.configured = configured
        self.choices = tuple(choices)
        self._metrics = metrics
        self._mute = wanted.mute  # a signal writes it too, without the lock
        self._lock = threading.Lock()  # guards all that follows
        self._values = wanted
        self._listen_s: int | None = None
        self._pressed = False
        self._commanded: set[Control] = set()
        self._faults: deque[str] = deque()
        self._due: deque[Due] = deque()

    def signalled(self, number: int, _frame: FrameType | None = None) -> None:
        """Handle SIGUSR1 (mute) and SIGUSR2 (listen again): for a button, a script, a key.

        It takes no lock: the thread that it interrupts may hold it.
        """
        self._mute = number == signal.SIGUSR1

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

    def give_up(self, failed: ControlValues, back_to: ControlValues) -> None:
        """Want no longer what could not be done, of gain and what is listened with; newer words stay. Any thread."""
        with self._lock:
            now = self._values
            if now.gain == failed.gain:
                now = replace(now, gain=back_to.gain)
            if _listened_with(now) == _listened_with(failed):
                now = replace(now, **_listened_with(back_to))
            self._values = now

    def _obey(self, control: Control, payload: bytes) -> None:
        now = self._values
        match control:
            case "mute":
                self._mute = mute_said(payload)
            case "sensitivity":
                self._values = replace(now, sensitivity=sensitivity_said(payload))
            case "gain":
                self._values = replace(now, gain=gain_said(payload))
            case "model":
                name = name_said(control, payload, tuple(choice.model for choice in self.choices))
                self._listen_with(control, next(choice for choice in self.choices if choice.model == name))
            case "language":
                known = tuple(dict.fromkeys(choice.language for choice in self.choices))
                self._listen_with(control, self._speaking(name_said(control, payload, known)))
            case "listen":
                self._listen_s = listen_said(payload)
                if self._mute:
                    raise CommandError(f"listen/set: {MUTED}")
                self._pressed = True
            case "hotwords":
                self._values = replace(now, hotwords=self._phrases(payload))
            case "mode":
                self._values = replace(now, mode=self._mode(payload))

    def _listen_with(self, control: Control, choice: Choice) -> None:
        """Phrases go with a model that cannot be told any."""
        if self._hears_sentences and not choice.sentences:
            able = ", ".join(one.model for one in self.choices if one.sentences) or "none is installed"
            raise CommandError(
                f"{control}/set: {choice.model!r} is refused, it has no pronunciations, which commands need; send open "
                f"to mode/set first, or choose a model that has some ({able})"
            )
        hotwords = self._values.hotwords if choice.phrases else ()
        self._values = replace(self._values, model=choice.model, hotwords=hotwords)

    def _speaking(self, language: str) -> Choice:
        """The model that is wanted if it speaks that language, else the configured one, else the first that does.

        Where sentences are listened for one that can.
        """
        fit = [choice for choice in self.choices if choice.language == language]
        fit = [choice for choice in fit if choice.sentences or not self._hears_sentences] or fit
        preferred = (self._values.model, self.configured.model)
        return min(fit, key=lambda choice: preferred.index(choice.model) if choice.model in preferred else 2)

    def _phrases(self, payload: bytes) -> tuple[str, ...]:
        phrases = hotwords_said(payload)
        model = self._values.model
        if phrases and not any(choice.phrases for choice in self.choices if choice.model == model):
            able = ", ".join(choice.model for choice in self.choices if choice.phrases) or "none is installed"
            raise refusal(
                "hotwords", f"a list for the model {model!r}", f"a transducer to be chosen before ({able}) and phrases"
            )
        return phrases

    @property
    def _hears_sentences(self) -> bool:
        return self._values.mode not in {"", "open"}

    def _mode(self, payload: bytes) -> str:
        self._need_sentences("mode")
        mode = name_said("mode", payload, MODES)
        if mode != "open":
            self._need_pronunciations("mode", mode)
        return mode

    def _need_sentences(self, control: Control) -> None:
        if not self.configured.mode:
            raise CommandError(
                f"{control}/set: it is refused, there are no sentences to listen for: set commands.sentences to a file "
                "of them in the configuration, and restart"
            )

    def _need_pronunciations(self, control: Control, wanted: str) -> None:
        model = self._values.model
        if any(choice.model == model and not choice.sentences for choice in self.choices):
            able = ", ".join(choice.model for choice in self.choices if choice.sentences) or "none is installed"
            raise refusal(
                control,
                f"{wanted!r} with the model {model!r}, which has no pronunciations,",
                f"a model that has some to be chosen before ({able}) and {wanted!r}",
            )

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


def _listened_with(values: ControlValues) -> dict[str, Any]:
    """What is loaded as one, and fails as one."""
    return {"model": values.model, "hotwords": values.hotwords, "mode": values.mode}


def _retained(control: Control) -> CommandError:
    return CommandError(
        f"{control}/set: a retained message is refused, nobody may have just said it; send it without retain, and take "
        "it off the broker with an empty retained one, mosquitto_pub -r -n"
    )
