import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.bench.spread import median, percentile

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50)


@pytest.mark.parametrize(("percent", "expected"), [(5, 15), (30, 20), (40, 20), (50, 35), (95, 50), (100, 50)])
def test_nearest_rank(percent: float, expected: float) -> None:
    assert percentile([35, 20, 15, 50, 40], percent) == expected


def test_median_of_an_even_count_lies_between() -> None:
    assert median([4, 1, 3, 2]) == 2.5


def test_nothing_has_neither() -> None:
    assert median([]) is None
    assert percentile([], 95) is None


@given(values, st.floats(0, 100))
def test_at_least_that_share_does_not_exceed_it(measured: list[float], percent: float) -> None:
    found = percentile(measured, percent)
    assert found in measured
    assert sum(value <= found for value in measured) >= percent / 100 * len(measured) - 1e-9
    assert sum(value < found for value in measured) <= percent / 100 * len(measured)
