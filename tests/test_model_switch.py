"""The next model is loaded beside the present one; the last wish counts, and a failure changes nothing."""

import threading

import pytest

from edge_asr.brains import Brains
from edge_asr.errors import ModelError
from edge_asr.hearing import Hearing
from edge_asr.model_switch import ModelSwitch
from tests.fakes import LoudRecognizer
from tests.waiting import wait_until

FIRST, SECOND, THIRD, BROKEN = (Hearing(name, ()) for name in ("first", "second", "third", "broken"))


class Room:
    """A listener that takes what it is handed when it is let, and a loader that waits to be let go."""

    def __init__(self) -> None:
        self.go = threading.Semaphore(0)
        self.loads: list[Hearing] = []
        self.handed: list[Brains] = []
        self.exchanged = True
        self.changes: list[tuple[str, str]] = []
        self.switch = ModelSwitch(self.load, self, FIRST, "xx", lambda *change: self.changes.append(change))

    def load(self, hearing: Hearing) -> Brains:
        self.loads.append(hearing)
        assert self.go.acquire(timeout=10)
        if hearing == BROKEN:
            raise ModelError("its file is missing")
        if hearing.model == "mad":
            raise MemoryError("no room")
        recognizer = LoudRecognizer()
        recognizer.model, recognizer.language = hearing.model, "yy"
        return Brains(recognizer, None)

    def exchange(self, brains: Brains) -> None:
        self.handed.append(brains)
        self.exchanged = False

    def turn_until(self, settled: bool = True) -> list[str]:
        faults = []

        def turned() -> bool:
            faults.append(self.switch.turn())
            return self.switch.settled is settled

        wait_until(turned, 5.0, "the switch")
        return [fault for fault in faults if fault]


def test_nothing_is_loaded_for_what_is_in_force() -> None:
    room = Room()
    assert room.switch.turn() == ""
    room.switch.want(FIRST)
    assert room.switch.turn() == ""
    assert room.switch.settled
    assert room.loads == []


def test_it_is_in_force_when_the_listener_has_taken_it() -> None:
    room = Room()
    room.switch.want(SECOND)
    room.switch.turn()
    assert (room.switch.settled, room.switch.in_force) == (False, FIRST)
    room.go.release()
    wait_until(lambda: room.switch.turn() == "" and room.handed, 5.0, "the hand-over")
    for _ in range(3):
        room.switch.turn()
    assert (room.switch.settled, room.switch.in_force, room.changes) == (False, FIRST, [])  # somebody still speaks
    room.exchanged = True
    assert room.turn_until() == []
    assert (room.switch.in_force, room.switch.language, room.changes) == (SECOND, "yy", [("yy", "second")])
    assert len(room.handed) == 1


@pytest.mark.parametrize(
    ("hearing", "why"), [(BROKEN, "its file is missing"), (Hearing("mad", ()), "MemoryError: no room")]
)
def test_a_failure_is_told_once_and_the_old_one_goes_on(hearing: Hearing, why: str) -> None:
    room = Room()
    room.switch.want(hearing)
    room.switch.turn()
    room.go.release()
    assert room.turn_until() == [f"{hearing.model!r} cannot be listened with, 'first' goes on: {why}"]
    assert (room.switch.in_force, room.handed, room.changes) == (FIRST, [], [])
    assert room.switch.turn() == ""
    assert len(room.loads) == 1


def test_of_many_wishes_the_last_counts_and_one_is_loaded_at_a_time() -> None:
    room = Room()
    room.exchange = room.handed.append  # type: ignore[assignment, method-assign]
    for hearing in (SECOND, BROKEN, SECOND, THIRD):
        room.switch.want(hearing)
        room.switch.turn()
    assert room.loads == [SECOND]
    room.go.release(2)
    assert room.turn_until() == []
    assert room.loads == [SECOND, THIRD]
    assert [brains.recognizer.model for brains in room.handed] == ["third"]
    assert room.switch.in_force == THIRD


def test_at_the_end_nothing_new_is_begun_and_what_is_being_loaded_is_waited_for() -> None:
    room = Room()
    assert room.switch.quiet(0.0)
    room.switch.want(SECOND)
    room.switch.turn()
    room.switch.want(THIRD)
    room.switch.close()
    assert not room.switch.quiet(0.05)
    room.go.release(2)
    assert room.switch.quiet(10.0)
    room.switch.turn()
    room.switch.turn()
    assert room.switch.quiet(0.0)
    assert room.loads == [SECOND]


def test_who_thinks_better_of_it_keeps_the_old_one() -> None:
    room = Room()
    room.switch.want(SECOND)
    room.switch.turn()
    room.switch.want(FIRST)
    room.go.release()
    assert room.turn_until() == []
    assert (room.switch.in_force, room.handed) == (FIRST, [])


def test_what_listens_is_loaded_once_more_when_its_files_are_others() -> None:
    room = Room()
    room.switch.again()
    assert not room.switch.settled
    room.switch.turn()
    room.go.release()
    wait_until(lambda: room.switch.turn() == "" and bool(room.handed), 5.0, "the load")
    room.exchanged = True
    assert room.turn_until() == []
    assert room.loads == [FIRST]
    assert room.changes == [("yy", "first")]
    room.switch.turn()
    assert room.loads == [FIRST]


def test_a_file_that_is_spoiled_leaves_what_listened() -> None:
    room = Room()
    room.switch.want(BROKEN)
    room.switch.in_force = BROKEN  # as if it had been whole then
    room.switch.again()
    room.go.release()
    [fault] = room.turn_until()
    assert fault == "what its files are now cannot be listened with, what they were goes on: its file is missing"
    assert (room.handed, room.switch.in_force) == ([], BROKEN)


def test_a_mode_that_fails_is_told_without_the_name_of_the_model() -> None:
    room = Room()
    room.switch.in_force = Hearing("broken", (), "open")
    room.switch.want(Hearing("broken", ()))
    room.go.release()
    assert room.turn_until() == ["that cannot be listened with, what it was goes on: its file is missing"]
