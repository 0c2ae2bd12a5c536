"""What a count of events rules out, by the tables that statisticians print."""

import pytest

from edge_asr.bench.poisson import at_most


@pytest.mark.parametrize(
    ("seen", "most"), [(0, 2.996), (1, 4.744), (2, 6.296), (3, 7.754), (5, 10.513), (10, 16.962), (20, 29.062)]
)
def test_the_upper_limits_of_the_tables(seen: int, most: float) -> None:
    assert at_most(seen) == pytest.approx(most, abs=0.001)


def test_more_certainty_rules_out_less() -> None:
    assert at_most(0, 0.99) == pytest.approx(4.605, abs=0.001)
    assert at_most(3, 0.5) < at_most(3, 0.9) < at_most(3, 0.99)


def test_thousands_of_events_have_a_limit_too() -> None:
    """There the distribution is a normal one: 1.645 of its deviations above, and a little for its skew."""
    assert at_most(5000) == pytest.approx(5000 + 1.645 * 5000**0.5 + 1.6, abs=1.0)
