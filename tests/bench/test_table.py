import pytest

from edge_asr.bench.table import table


def test_names_to_the_left_and_numbers_to_the_right() -> None:
    assert table(["set", "WER %", "S/D/I"], [["clean", 5.25, "1/2/3"], ["a longer name", 10.0, "10/20/30"]]) == (
        "set            WER %     S/D/I\nclean            5.2     1/2/3\na longer name   10.0  10/20/30"
    )


def test_what_is_not_known_is_a_dash() -> None:
    assert table(["x", "n"], [["a", None], ["b", 0]]).splitlines() == ["x  n", "a  -", "b  0"]


def test_digits() -> None:
    assert table(["x", "s"], [["a", 0.125]], digits=3).splitlines()[1] == "a  0.125"


def test_headings_alone() -> None:
    assert table(["x", "long heading"], []) == "x  long heading"


def test_a_row_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        table(["x", "y"], [["a"]])
