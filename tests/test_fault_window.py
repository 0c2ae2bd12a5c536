"""A fault now and then is borne with; four within a minute are not."""

from edge_asr.clock import NS_PER_S
from edge_asr.fault_window import FaultWindow


def test_four_within_a_minute_are_too_many() -> None:
    window = FaultWindow()
    assert [window.too_many(at_s * NS_PER_S) for at_s in (0, 20, 40, 59)] == [0, 0, 0, 4]


def test_four_in_more_than_a_minute_are_not_nor_any_number_of_them() -> None:
    window = FaultWindow()
    assert not any(window.too_many(at_s * NS_PER_S) for at_s in range(0, 2000, 20))
