from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.bench.wer import Errors, compare

texts = st.lists(st.sampled_from("abcd"), max_size=7)


@pytest.mark.parametrize(
    ("reference", "heard", "errors"),
    [
        ("", "", Errors(0, 0, 0, 0)),
        ("one two", "one two", Errors(2, 0, 0, 0)),
        ("one two three", "one too three", Errors(3, 1, 0, 0)),
        ("one two three", "one three", Errors(3, 0, 1, 0)),
        ("one three", "one two three", Errors(2, 0, 0, 1)),
        ("one two", "", Errors(2, 0, 2, 0)),
        ("", "uh huh", Errors(0, 0, 0, 2)),
        ("a b", "b c", Errors(2, 0, 1, 1)),  # not two substitutions: so one word is right
        ("the cat sat on the mat", "a cat sat the mat now", Errors(6, 1, 1, 1)),
    ],
)
def test_cases_counted_by_hand(reference: str, heard: str, errors: Errors) -> None:
    assert compare(reference.split(), heard.split()) == errors


def distance(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """The definition, as a recursion."""

    @cache
    def rest(i: int, j: int) -> int:
        if i == len(a) or j == len(b):
            return len(a) - i + len(b) - j
        return min(rest(i + 1, j) + 1, rest(i, j + 1) + 1, rest(i + 1, j + 1) + (a[i] != b[j]))

    return rest(0, 0)


@given(texts, texts)
def test_the_total_is_the_distance_of_the_definition(a: list[str], b: list[str]) -> None:
    assert compare(a, b).total == distance(tuple(a), tuple(b))


@given(texts, texts)
def test_the_other_way_round_deletions_are_insertions(a: list[str], b: list[str]) -> None:
    there, back = compare(a, b), compare(b, a)
    assert (there.substitutions, there.deletions, there.insertions) == (
        back.substitutions,
        back.insertions,
        back.deletions,
    )


@given(texts, texts)
def test_counts_are_bounded_and_add_up_to_the_lengths(a: list[str], b: list[str]) -> None:
    errors = compare(a, b)
    right = errors.words - errors.substitutions - errors.deletions
    assert right >= 0
    assert right + errors.substitutions + errors.insertions == len(b)
    assert abs(len(a) - len(b)) <= errors.total <= max(len(a), len(b))
    assert (errors.total == 0) == (a == b)


def test_pooling_counts_words_and_not_files() -> None:
    pooled = compare(["a"], ["b"]) + compare(list("abcdefghi"), list("abcdefghi"))
    assert pooled.percent == 10.0


def test_nothing_to_hear_has_no_rate() -> None:
    assert compare([], ["a"]).percent is None
