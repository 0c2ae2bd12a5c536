"""The parts of a stop add up to its deadline."""

import time

from hypothesis import given
from hypothesis import strategies as st

from edge_asr.sinks.stop_times import left_s, stop_times


@given(st.floats(-1.0, 100.0))
def test_the_parts_follow_each_other_and_end_with_the_deadline(deadline_s: float) -> None:
    before_ns = time.monotonic_ns()
    drain_ns, goodbye_ns, end_ns = stop_times(deadline_s)
    after_ns = time.monotonic_ns()
    whole_ns = round(max(0.0, deadline_s) * 1e9)
    assert before_ns + whole_ns <= end_ns <= after_ns + whole_ns
    assert drain_ns <= goodbye_ns <= end_ns
    assert drain_ns - before_ns >= whole_ns // 2 - 1  # what waits has the greater part


def test_a_short_deadline_has_a_goodbye_too() -> None:
    drain_ns, goodbye_ns, end_ns = stop_times(0.1)
    assert goodbye_ns - drain_ns == end_ns - goodbye_ns == 25_000_000


def test_what_begins_early_takes_no_more_than_its_share() -> None:
    times = stop_times(10.0)
    assert 0.2 < left_s(times.soon(times.end_ns)) <= 0.3
    over = stop_times(0.0)
    assert over.soon(over.end_ns) == over.end_ns


def test_nothing_is_left_of_what_is_over() -> None:
    assert left_s(time.monotonic_ns() - 1) == 0.0
    assert 9.0 < left_s(time.monotonic_ns() + 10_000_000_000) <= 10.0
