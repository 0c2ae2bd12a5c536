"""Which part of what was said is numbers and letters in a row."""

import pytest

from edge_asr.asr.spoken_runs import run_share, run_words


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("p i t t s b u r g h", 1.0),
        ("area code four one two", 0.6),
        ("set the timer to twenty five minutes", 2 / 7),
        ("i saw a lamp", 0.0),
        ("one of them and two of us", 0.0),
        ("oh i see", 0.0),
        ("oh five o", 1.0),
        ("", 0.0),
    ],
)
def test_only_rows_count(text: str, share: float) -> None:
    assert run_share(text.split(), "en-US") == pytest.approx(share)


def test_a_language_without_a_list_has_no_rows() -> None:
    assert run_words("zh") is None
    assert run_share(["one", "two"], "zh") == 0.0
