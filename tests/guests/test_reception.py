"""Turns: whose they are, and what they wait for."""

import threading
import time

import pytest

from edge_asr.clock import SystemClock
from edge_asr.guests.reception import GuestError, Reception
from edge_asr.metrics import Metrics
from tests.waiting import wait_until


class Room:
    def __init__(self, at_once: int = 1) -> None:
        self.lag_s, self.rewrites, self.wanted = 0.0, False, True
        self.reception = Reception(9, at_once, lambda: self.lag_s, lambda: self.rewrites, SystemClock(), Metrics())
        self.inside = self.most_inside = self.turns = 0
        self.faults: list[GuestError] = []
        self._lock = threading.Lock()

    def turn(self, stay_s: float = 0.0) -> threading.Thread:
        def take() -> None:
            try:
                with self.reception.turn(lambda: self.wanted):
                    with self._lock:
                        self.inside += 1
                        self.most_inside = max(self.most_inside, self.inside)
                    time.sleep(stay_s)
                    with self._lock:
                        self.inside -= 1
                        self.turns += 1
            except GuestError as error:
                self.faults.append(error)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        return thread


@pytest.mark.parametrize("at_once", [1, 3])
def test_no_more_compute_at_a_time_than_may(at_once: int) -> None:
    room = Room(at_once)
    for thread in [room.turn(0.02) for _ in range(12)]:
        thread.join(10)
    assert room.turns == 12
    assert room.most_inside <= at_once


def test_a_final_of_the_microphone_that_is_being_rewritten_goes_first_and_nobody_is_sent_away_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge_asr.guests.reception._PATIENCE_S", 0.1)
    room = Room()
    room.rewrites = True
    thread = room.turn()
    thread.join(0.4)
    assert thread.is_alive()
    assert room.turns == 0
    room.rewrites = False
    thread.join(10)
    assert (room.turns, room.faults) == (1, [])


def test_only_a_lag_that_lasts_ends_the_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.guests.reception._PATIENCE_S", 0.3)
    room = Room()
    room.lag_s = 1.0
    thread = room.turn()
    time.sleep(0.1)
    room.lag_s, room.rewrites = 0.0, True  # in between it was in time
    time.sleep(0.4)
    assert room.faults == []
    room.lag_s = 1.0
    thread.join(10)
    assert [error.code for error in room.faults] == ["busy"]


def test_who_is_not_wanted_any_more_waits_for_nothing() -> None:
    room = Room()
    room.lag_s, room.wanted = 9.0, False
    room.turn().join(10)
    assert room.turns == 1
    place = room.reception
    with pytest.raises(GuestError):
        place.admit()
    wait_until(lambda: room.reception.quiet(0), 1, "quiet")
