"""Who stands in for a model, and that the choice stays the user's; around the real switch."""

import threading
from pathlib import Path

import pytest

from edge_asr.answers import Answers
from edge_asr.audio.gain import GainNews
from edge_asr.brains import Brains
from edge_asr.commands import Control, Reply
from edge_asr.control_file import ControlFile
from edge_asr.controls import Choice, Controls, ControlValues
from edge_asr.errors import ModelError
from edge_asr.events import ErrorEvent
from edge_asr.hearing import Hearing
from edge_asr.metrics import Metrics
from edge_asr.model_switch import ModelSwitch
from edge_asr.stand_in import StandIn
from edge_asr.steering import Steering
from tests import sample_events
from tests.fakes import HandClock, ListSink, LoudRecognizer
from tests.waiting import wait_until

CHOICES = (
    Choice("big", "en", True),
    Choice("other", "en", False),
    Choice("small", "en", False),
    Choice("german", "de", False),
)
CONFIGURED = ControlValues(mute=False, sensitivity=50, model="big")
BIG, OTHER, SMALL, GERMAN = (Hearing(choice.model, ()) for choice in CHOICES)


class Room:
    """Steering, stand-in and switch over a listener that takes at once; models load unless they are `broken`."""

    hears, listening_now, exchanged = True, False, True

    def __init__(self, folder: Path, small: str | None = "small") -> None:
        self.clock, self.sink = HandClock(), ListSink()
        self.broken: set[str] = set()
        self.loaded: list[str] = []
        self.go = threading.Semaphore(100)
        self.switch = ModelSwitch(self.load, self, BIG, "en", lambda *_: None)
        self.models = StandIn(self.switch, CHOICES, small, self.clock)
        self.controls = Controls(CONFIGURED, CONFIGURED, Metrics(), CHOICES)
        self.file = ControlFile(folder / "controls.json", CONFIGURED)
        self.answers = Answers([self.sink], self.file, sample_events.error, self.clock, "k1")
        self.steering = Steering(self, self, self.models, self.controls, self.answers)
        self.steering.apply()

    def load(self, hearing: Hearing) -> Brains:
        assert self.go.acquire(timeout=10)
        if hearing.model in self.broken:
            raise ModelError("its file is missing")
        self.loaded.append(hearing.model)
        recognizer = LoudRecognizer()
        recognizer.model = hearing.model
        recognizer.language = next(choice.language for choice in CHOICES if choice.model == hearing.model)
        return Brains(recognizer, None)

    def exchange(self, brains: Brains) -> None:
        pass

    def gain_news(self) -> GainNews:
        return GainNews(100, True, "")

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def set_gain(self, percent: int | None) -> None: ...
    def mute(self, *, on: bool) -> None: ...
    def set_sensitivity(self, sensitivity: int) -> None: ...
    def listen_now(self, seconds: float) -> None: ...

    def say(self, control: Control, payload: str) -> None:
        self.controls.command(control, payload.encode(), retained=False, reply=Reply("answers", control.encode()))
        self.steering.apply()

    def until_listening_with(self, hearing: Hearing) -> None:
        def there() -> bool:
            self.steering.apply()
            return self.switch.in_force == hearing and self.switch.settled

        wait_until(there, 5.0, hearing.model)
        self.steering.apply()

    def told(self) -> tuple[str, str]:
        return self.sink.answers[-1].model, self.sink.answers[-1].language

    def faults(self) -> list[str]:
        return [event.message for event in self.sink.events if isinstance(event, ErrorEvent)]

    def kept(self) -> ControlValues:
        self.answers.keep(at_once=True)
        return ControlFile(self.file._path, CONFIGURED).load()


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_the_small_one_listens_and_the_choice_is_told_and_kept_all_the_while(room: Room) -> None:
    assert room.models.possible
    room.models.stand_in(on=True)
    room.until_listening_with(SMALL)
    assert room.told() == ("big", "en")
    assert room.kept().model == "big"
    room.models.stand_in(on=False)
    room.until_listening_with(BIG)
    assert room.loaded == ["small", "big"]
    assert room.told() == ("big", "en")
    assert room.faults() == []


def test_a_wish_of_that_time_is_granted_and_answered_when_it_is_cool(room: Room) -> None:
    room.models.stand_in(on=True)
    room.until_listening_with(SMALL)
    room.say("model", "other")
    room.until_listening_with(SMALL)
    assert room.sink.responses == []
    assert room.kept().model == "big"  # one that cannot be loaded must not meet the next start
    room.models.stand_in(on=False)
    room.until_listening_with(OTHER)
    [(response, _)] = room.sink.responses
    assert (response.accepted, response.value) == (True, "other")
    assert room.kept().model == "other"
    assert room.loaded == ["small", "other"]


def test_a_wish_of_that_time_that_cannot_be_granted_is_refused_and_the_choice_before_comes_back(room: Room) -> None:
    room.models.stand_in(on=True)
    room.until_listening_with(SMALL)
    room.broken = {"other"}
    room.say("model", "other")
    room.models.stand_in(on=False)
    room.until_listening_with(BIG)
    [(response, _)] = room.sink.responses
    assert (response.accepted, response.value) == (False, "big")
    assert len(room.faults()) == 1
    assert room.kept().model == "big"


def test_another_language_is_worth_the_heat(room: Room) -> None:
    room.models.stand_in(on=True)
    room.until_listening_with(SMALL)
    room.say("language", "de")
    assert not room.models.possible  # the ladder then steps up
    room.models.stand_in(on=False)
    room.until_listening_with(GERMAN)
    assert room.told() == ("german", "de")


def test_who_has_chosen_the_small_one_needs_no_stand_in(room: Room) -> None:
    room.say("model", "small")
    room.until_listening_with(SMALL)
    assert not room.models.possible
    assert room.kept().model == "small"


def test_a_small_one_that_cannot_be_loaded_is_no_refusal_and_is_not_tried_again(room: Room) -> None:
    room.broken = {"small"}
    room.models.stand_in(on=True)

    def failed() -> bool:
        room.steering.apply()
        return not room.models.possible

    wait_until(failed, 5.0, "the failure")
    room.models.stand_in(on=False)
    room.until_listening_with(BIG)
    assert room.faults() == []
    assert room.loaded == []
    assert not room.models.possible


def test_files_that_are_wrong_while_it_stands_in_are_told_of_and_do_not_send_it_away(room: Room) -> None:
    room.models.stand_in(on=True)
    room.until_listening_with(SMALL)
    room.broken = {"small"}
    room.models.again()
    assert not room.models.settled  # who has asked for it hears of it when it is done

    def told() -> list[str]:
        room.steering.apply()
        return room.faults()

    wait_until(told, 5.0, "the fault")
    assert "what its files are now cannot be listened with, what they were goes on" in room.faults()[0]
    assert (room.models.possible, room.models.settled, room.switch.in_force) == (True, True, SMALL)


def test_a_choice_that_cannot_come_back_is_tried_again_and_stays_the_choice(room: Room) -> None:
    room.models.stand_in(on=True)
    room.until_listening_with(SMALL)
    room.broken = {"big"}
    room.models.stand_in(on=False)
    room.until_listening_with(SMALL)
    assert room.told() == ("big", "en")
    assert room.kept().model == "big"
    room.broken = set()
    room.until_listening_with(SMALL)
    room.clock.advance_s(61.0)
    room.until_listening_with(BIG)
    assert room.faults() == []


def test_cool_again_before_the_small_one_is_loaded(room: Room) -> None:
    room.go = threading.Semaphore(0)
    room.models.stand_in(on=True)
    room.steering.apply()
    room.models.stand_in(on=False)
    room.go.release(10)
    room.until_listening_with(BIG)
    assert room.told() == ("big", "en")


def test_phrases_do_not_go_to_one_that_cannot_be_told_any_and_come_back(room: Room) -> None:
    room.say("hotwords", "HALL")
    phrased = Hearing("big", ("HALL",))
    room.until_listening_with(phrased)
    room.models.stand_in(on=True)
    room.until_listening_with(SMALL)
    room.models.stand_in(on=False)
    room.until_listening_with(phrased)
    assert room.kept().hotwords == ("HALL",)


@pytest.mark.parametrize("small", [None, "missing"])
def test_without_a_small_one_nobody_stands_in(
    small: str | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    room = Room(tmp_path, small)
    assert not room.models.possible
    assert ("is not installed" in caplog.text) is (small is not None)
    room.say("model", "other")
    room.until_listening_with(OTHER)
    assert room.told() == ("other", "en")


def test_files_that_are_spoiled_are_told_and_what_listens_goes_on(room: Room) -> None:
    room.broken.add("big")
    room.models.again()

    def told() -> bool:
        room.steering.apply()
        return bool(room.faults())

    wait_until(told, 5.0, "the fault")
    for _ in range(3):
        room.steering.apply()
    assert room.faults() == [
        "commands: what its files are now cannot be listened with, what they were goes on: its file is missing"
    ]
    assert (room.told(), room.models.settled) == (("big", "en"), True)


def test_what_is_to_be_heard_is_heard_by_who_stands_in_or_nobody_does(tmp_path: Path) -> None:
    room = Room(tmp_path)
    found = {}
    for mode in ("", "open", "commands", "both"):
        room.models.want(BIG._replace(mode=mode))
        found[mode] = room.models.possible
    # the small one has no pronunciations
    assert found == {"": True, "open": True, "commands": False, "both": False}
