import threading

import pytest

from edge_asr.audio.deadline import DeadlineCaller, DeadlineError, TooManyHungCallsError
from tests.waiting import wait_until


def test_the_result_and_the_exception_come_through() -> None:
    caller = DeadlineCaller(max_hung=0)
    assert caller.call("it", 5.0, lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        caller.call("it", 5.0, lambda: 1 // 0)
    assert caller.hung == 0


def test_a_call_that_hangs_is_left_behind_and_its_late_result_is_handed_over() -> None:
    returned = threading.Event()
    caller = DeadlineCaller(max_hung=0, on_return=returned.set)
    release = threading.Event()
    late: list[bool] = []
    with pytest.raises(DeadlineError, match=r"opening the door did not return within 0\.05 s"):
        caller.call("opening the door", 0.05, lambda: release.wait(30), late.append)
    assert caller.hung == 1
    assert late == []
    with pytest.raises(TooManyHungCallsError, match="restart edge-asr"):
        caller.call("another", 5.0, lambda: None)
    release.set()
    assert returned.wait(5.0)
    assert caller.hung == 0
    assert late == [True]
    assert caller.call("another", 5.0, lambda: "again") == "again"


def test_a_late_exception_is_dropped_with_the_call() -> None:
    caller = DeadlineCaller(max_hung=3)
    release = threading.Event()

    def fail() -> None:
        release.wait(30)
        raise ValueError("too late")

    late: list[None] = []
    with pytest.raises(DeadlineError):
        caller.call("it", 0.05, fail, late.append)
    release.set()
    wait_until(lambda: caller.hung == 0, 5.0, "the call is not counted any more")
    assert late == []


def test_a_few_hung_calls_do_not_keep_others_from_being_made() -> None:
    caller = DeadlineCaller(max_hung=1)
    release = threading.Event()
    with pytest.raises(DeadlineError):
        caller.call("it", 0.01, release.wait)
    assert caller.call("it", 5.0, lambda: 1) == 1
    with pytest.raises(DeadlineError):
        caller.call("it", 0.01, release.wait)
    with pytest.raises(TooManyHungCallsError):
        caller.call("it", 5.0, lambda: 1)
    release.set()
