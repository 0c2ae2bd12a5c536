"""A path is raised while it goes on with a phrase, and what it earned is taken back where the phrase breaks off."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.asr.zipformer.phrases import Phrases

Words = tuple[int, ...]


def earned(phrases: Phrases, tokens: Sequence[int]) -> list[float]:
    """Bonus of each token."""
    place = phrases.start
    bonuses = []
    for token in tokens:
        bonus, place = phrases.step(place, token)
        bonuses.append(bonus)
    return bonuses


def test_a_phrase_keeps_its_bonus_when_it_is_whole() -> None:
    assert earned(Phrases([((1, 2, 3), 1.5)]), [9, 1, 2, 3, 9]) == [0, 1.5, 1.5, 1.5, 0]


def test_a_phrase_that_breaks_off_loses_it_all() -> None:
    assert earned(Phrases([((1, 2, 3), 1.5)]), [1, 2, 9]) == [1.5, 1.5, -3.0]


def test_a_broken_phrase_may_be_the_beginning_of_another() -> None:
    phrases = Phrases([((1, 2, 3), 1.0), ((2, 4), 1.0)])
    assert earned(phrases, [1, 2, 4]) == [1.0, 1.0, 0.0]  # 2 of the first phrase are lost, 2 of the second are won


def test_a_phrase_inside_another_counts_when_that_breaks_off() -> None:
    phrases = Phrases([((1, 2, 3, 4), 1.0), ((2, 3), 1.0)])
    assert sum(earned(phrases, [1, 2, 3, 9])) == pytest.approx(2.0)


def test_own_bonuses_and_shared_beginnings() -> None:
    phrases = Phrases([((1, 2), 1.0), ((1, 3), 2.5)])
    assert earned(phrases, [1, 3]) == [2.5, 2.5]


@given(
    st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(0, 4), max_size=12),
)
def test_nothing_is_won_without_a_whole_phrase(phrases: list[Words], tokens: list[int]) -> None:
    tree = Phrases([(phrase, 1.0) for phrase in phrases])
    text = [*tokens, 9]  # 9 is in no phrase: what is open breaks off there
    total = sum(earned(tree, text))
    whole = any(tuple(text[at : at + len(phrase)]) == phrase for phrase in phrases for at in range(len(text)))
    assert (total > 0) == whole
    assert total >= 0
