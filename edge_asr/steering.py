"""From what people want to what ears and brain do, and back: each command is answered with what is in force."""

import logging
from collections import deque
from typing import Protocol

import msgspec
from msgspec.structs import replace

from edge_asr.answers import Answers
from edge_asr.audio.gain import GainNews
from edge_asr.commands import Control
from edge_asr.controls import MUTED, Controls, ControlValues, Due
from edge_asr.events import SentencesReport
from edge_asr.hearing import Hearing, heard_with, hearing_of

log = logging.getLogger(__name__)

_LISTEN_S = 10  # for a press that says no time
_PENDING_AT_MOST = 16
_MODELS: tuple[Control, ...] = (
    "model",
    "language",
    "hotwords",
    "mode",
    "commands",
)  # one wish, whichever of them says it
_LATER: tuple[Control, ...] = ("gain", *_MODELS)  # they take their time


class SteeredEars(Protocol):
    """What is wanted of capture."""

    @property
    def hears(self) -> bool:
        """Whether a microphone delivers."""
        ...

    def pause(self) -> None:
        """Close the microphone."""
        ...

    def resume(self) -> None:
        """Open it again."""
        ...

    def set_gain(self, percent: int | None) -> None:
        """Volume that the source in use is to have."""
        ...

    def gain_news(self) -> GainNews:
        """What is known of it."""
        ...


class SteeredBrain(Protocol):
    """What is wanted of the worker."""

    @property
    def listening_now(self) -> bool:
        """Whether it hears without waiting for a voice."""
        ...

    def mute(self, *, on: bool) -> None:
        """End what is being said and hear nothing more, or hear again."""
        ...

    def set_sensitivity(self, sensitivity: int) -> None:
        """How readily the gate opens, 0 to 100."""
        ...

    def listen_now(self, seconds: float) -> None:
        """Hear without waiting for a voice, for so long."""
        ...


class SteeredModels(Protocol):
    """What is wanted of the switch between models."""

    in_force: Hearing
    language: str

    @property
    def sentences(self) -> SentencesReport | None:
        """What is known of the sentences that are listened for."""
        ...

    @property
    def settled(self) -> bool:
        """Whether what is wanted is in force."""
        ...

    def want(self, hearing: Hearing) -> None:
        """Listen with this as soon as it can be."""
        ...

    def again(self) -> None:
        """Load what is wanted once more, since its files are others now."""
        ...

    def turn(self) -> str:
        """Go on with it; why it failed, once."""
        ...

    def close(self) -> None:
        """Begin to load nothing more."""
        ...

    def quiet(self, wait_s: float) -> bool:
        """Whether nothing is being loaded, after at most `wait_s`."""
        ...


class Steering:
    """The supervisor's thread alone; nothing here waits for anybody."""

    def __init__(
        self, ears: SteeredEars, brain: SteeredBrain, models: SteeredModels, controls: Controls, answers: Answers
    ) -> None:
        self._ears = ears
        self._brain = brain
        self._models = models
        self._controls = controls
        self._answers = answers
        self._wanted = heard_with(controls.configured, models.in_force)
        self._asked: Control | None = None  # which of `_MODELS` said the last wish that waits; None: the files did
        self._good_gain: int | None = None  # the newest that could be set; before the first, what was kept
        self._told: tuple[ControlValues, ControlValues] | None = None
        self._pending: deque[Due] = deque()

    def apply(self) -> None:
        """Do what signals and commands want, a step at a time; answer each command, and whatever has changed."""
        wanted, commanded, faults = self._controls.take()
        due = self._controls.take_due()
        if self._told is None:
            self._good_gain = wanted.gain
        before, self._wanted = self._wanted, wanted
        self._asked = next((control for control in _MODELS if control in commanded), self._asked)
        self._do(before, wanted, commanded)
        pressed = self._press()
        gain, fault = self._ears.gain_news(), self._models.turn()
        if gain.fault or fault:
            self._give_up(gain.fault, fault)
        elif gain.settled:
            self._good_gain = self._wanted.gain
        late: dict[Control, str] = {"gain": gain.fault, "listen": pressed, **dict.fromkeys(_MODELS, fault)}
        in_force = self._in_force(gain)
        self._tell(in_force, commanded=bool(commanded))
        for said in (*faults, *self._late_faults(late)):
            self._answers.refused(said)
        if fault or self._models.settled:
            self._asked = None
        self._respond(due, late, in_force, gain_settled=gain.settled)
        self._answers.keep()

    def finish(self) -> None:
        """The end: what was said last is to hold for the next start."""
        self._models.close()
        self.apply()
        self._answers.keep(at_once=True)

    def quiet(self, wait_s: float) -> bool:
        """Whether none of its threads computes any more, after at most `wait_s`; after `finish`."""
        return self._models.quiet(wait_s)

    def _do(self, before: ControlValues, wanted: ControlValues, commanded: frozenset[Control]) -> None:
        if wanted.mute != before.mute:
            self._mute(on=wanted.mute)
        if wanted.sensitivity != before.sensitivity:
            self._brain.set_sensitivity(wanted.sensitivity)
        if wanted.gain != before.gain or "gain" in commanded:  # somebody else may have turned it meanwhile
            self._ears.set_gain(wanted.gain)
        again = self._controls.take_read_again()
        if hearing_of(wanted) != hearing_of(before):
            self._models.want(hearing_of(wanted))
        if again and wanted.mode not in {"", "open"}:
            log.info("reading the sentences again")
            self._models.again()

    def _mute(self, *, on: bool) -> None:
        """The brain first: what is on its way from the ears is not heard any more."""
        self._brain.mute(on=on)
        if on:
            self._ears.pause()
        else:
            self._ears.resume()

    def _press(self) -> str:
        """Why it cannot listen now, where that is wanted."""
        pressed, seconds = self._controls.take_press()
        if not pressed:
            return ""
        if self._wanted.mute:
            return MUTED
        if not self._ears.hears:
            return "there is no microphone that delivers; see the state of this device"
        self._brain.listen_now(seconds or _LISTEN_S)
        return ""

    def _give_up(self, gain_fault: str, model_fault: str) -> None:
        failed, back = self._wanted, self._wanted
        if gain_fault:
            back = replace(back, gain=self._good_gain)
        if model_fault:
            back = heard_with(back, self._models.in_force)
        self._controls.give_up(failed, back)
        self._wanted = back

    def _in_force(self, gain: GainNews) -> ControlValues:
        sentences = self._models.sentences
        return replace(
            heard_with(self._wanted, self._models.in_force),
            gain=gain.percent,
            language=self._models.language,
            sentences="",
            commands="" if sentences is None else msgspec.json.encode(sentences).decode(),
            listening=self._brain.listening_now,
        )

    def _tell(self, in_force: ControlValues, *, commanded: bool) -> None:
        """A model is kept once it is in force: one that cannot be loaded must not meet the next start."""
        news = (heard_with(self._wanted, self._models.in_force), in_force)
        if commanded or news != self._told:
            self._told = news
            self._answers.applied(*news)

    def _late_faults(self, late: dict[Control, str]) -> list[str]:
        """Each once: a model's has one control, that which was named last; of files that have changed none was."""
        told: list[tuple[str, str]] = [
            ("gain/set", late["gain"]),
            ("commands" if self._asked is None else f"{self._asked}/set", late["model"]),
            ("listen/set", late["listen"]),
        ]
        return [f"{what}: {fault}" for what, fault in told if fault]

    def _respond(
        self, due: tuple[Due, ...], late: dict[Control, str], in_force: ControlValues, *, gain_settled: bool
    ) -> None:
        for one in due:
            if one.fault or one.control not in _LATER:
                self._answers.respond(one._replace(fault=one.fault or late.get(one.control, "")), in_force)
            elif len(self._pending) < _PENDING_AT_MOST:
                self._pending.append(one)
            else:
                self._answers.respond(
                    one._replace(fault="too many wait for an answer; the state topic has it"), in_force
                )
        waiting: deque[Due] = deque()
        for one in self._pending:
            if late[one.control] or (gain_settled if one.control == "gain" else self._models.settled):
                self._answers.respond(one._replace(fault=late[one.control]), in_force)
            else:
                waiting.append(one)
        self._pending = waiting
