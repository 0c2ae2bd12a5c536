"""What became of the first and the last word, and where the words of a reference are."""

import pytest

from edge_asr.bench.word_places import Edge, first_word, last_word, places


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("the cat sat", "right"),
        ("uh the cat sat", "right"),
        ("the hat", "right"),
        ("cat sat", "missing"),
        ("a cat sat", "misheard"),
        ("oh a cat sat", "misheard"),
        ("cat the sat", "right"),
        ("cat sat on the", "missing"),  # it stands where another word belongs
        ("the the cat sat", "right"),
        ("sat", "missing"),
        ("", "missing"),
    ],
)
def test_the_first_word_and_mirrored_the_last(heard: str, expected: Edge) -> None:
    reference = ["the", "cat", "sat"]
    assert first_word(reference, heard.split()) == expected
    assert last_word(reference[::-1], heard.split()[::-1]) == expected


def test_a_lone_word_is_first_and_last() -> None:
    assert first_word(["yes"], ["yes"]) == last_word(["yes"], ["oh", "yes"]) == "right"
    assert first_word(["yes"], ["yet"]) == "misheard"


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("a b c d", [0, 1, 2, 3]),
        ("b c d", [None, 0, 1, 2]),
        ("a x c d", [0, None, 2, 3]),
        ("x a b d y", [1, 2, None, 3]),
        ("", [None] * 4),
    ],
)
def test_each_word_of_the_reference_has_its_place(heard: str, expected: list[int | None]) -> None:
    assert places(["a", "b", "c", "d"], heard.split()) == expected
