import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.bench.slope import slope


def test_a_line_is_found_through_its_noise() -> None:
    assert slope([0, 1, 2, 3], [1.0, 3.1, 4.9, 7.0]) == pytest.approx(1.98)


@given(st.floats(-100, 100), st.floats(-100, 100), st.lists(st.integers(0, 1000), min_size=2, unique=True))
def test_of_a_straight_line(growth: float, begin: float, places: list[int]) -> None:
    assert slope(places, [begin + growth * place for place in places]) == pytest.approx(growth, abs=1e-6)


@pytest.mark.parametrize("places", [[], [3], [3, 3]])
def test_of_a_single_place_there_is_none(places: list[float]) -> None:
    assert slope(places, [5.0] * len(places)) is None
