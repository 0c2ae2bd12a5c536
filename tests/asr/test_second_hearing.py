"""What an offline model is not sure of is heard twice, and the likelier text is taken."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.rescorer import Rescored, SpokenWord, always
from edge_asr.asr.second_hearing import LATER_S, heard_twice
from edge_asr.errors import RecognitionError
from tests.rescorers import ScriptedRescorer

SAMPLES = np.arange(16_000, dtype=np.int16)
LATER = round(LATER_S * 16_000)


def text(word: str, log_share: float, *, complete: bool = True, tokens: int = 2) -> Rescored:
    return Rescored((SpokenWord(word, 0.9),), tuple(range(tokens)), complete, log_share)


class Hearing(ScriptedRescorer):
    """Makes of each call what is next in a list; keeps what it was played."""

    def __init__(self, *texts: Rescored) -> None:
        super().__init__()
        self.texts: Iterator[Rescored] = iter(texts)
        self.played: list[NDArray[np.int16]] = []

    def decode(
        self,
        samples: NDArray[np.int16],
        draft: Sequence[int] | None = None,
        given: Sequence[int] = (),
        wanted: Callable[[], bool] = always,
    ) -> Rescored:
        super().decode(samples, draft, given)
        self.played.append(samples)
        if not wanted():
            raise RecognitionError("nobody waits")
        return next(self.texts)


def heard(hearing: Hearing, *, again: Callable[[], bool] = always) -> str:
    return heard_twice(hearing, SAMPLES, (7, 8), always, again).text


def test_what_it_is_sure_of_is_heard_once() -> None:
    hearing = Hearing(text("yes", -1.9))
    assert heard(hearing) == "yes"
    assert hearing.heard == [(len(SAMPLES), (7, 8))]


def test_the_same_is_played_a_little_later_behind_the_same_words() -> None:
    hearing = Hearing(text("yes", -2.1), text("yes", -2.2))
    heard(hearing)
    assert hearing.heard == [(len(SAMPLES), (7, 8)), (len(SAMPLES) + LATER, (7, 8))]
    assert not hearing.played[1][:LATER].any()
    assert (hearing.played[1][LATER:] == SAMPLES).all()


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        (text("a", -4.0), text("b", -3.9), "b"),
        (text("a", -4.0), text("b", -4.1), "a"),
        (text("a", -4.0), text("b", -4.0), "a"),
        (text("a", 0.0, complete=False), text("b", -9.0), "b"),  # however likely, a circle is no text
        (text("a", -9.0), text("b", 0.0, complete=False), "a"),
        (text("a", -9.0, complete=False), text("b", -1.0, complete=False), "a"),  # where it was cut off, nobody knows
        (text("a", -4.0, tokens=2), text("b", -4.5, tokens=9), "a"),  # not the likelier token, the likelier text
        (text("a", -4.0), Rescored((), (), complete=True), "a"),  # an empty one has no token to be unsure of
        (text("a", -4.0, complete=False), Rescored((), (), complete=True), "a"),
    ],
)
def test_the_likelier_text_that_is_whole_is_taken(first: Rescored, second: Rescored, taken: str) -> None:
    assert heard(Hearing(first, second)) == taken


def test_a_tenth_of_a_second_is_one_at_any_rate() -> None:
    hearing = Hearing(text("a", -4.0), text("b", -3.0))
    hearing.sample_rate_hz = 8_000
    heard(hearing)
    assert [count for count, _ in hearing.heard] == [16_000, 16_800]


def test_without_time_it_is_not_heard_again() -> None:
    hearing = Hearing(text("a", -4.0))
    assert heard(hearing, again=lambda: False) == "a"
    assert len(hearing.heard) == 1


def test_when_the_time_is_over_the_first_hearing_stands() -> None:
    asked: list[bool] = [True, False]  # before the second hearing, and within
    hearing = Hearing(text("a", -4.0), text("b", -1.0))
    assert heard(hearing, again=lambda: asked.pop(0)) == "a"
    assert (len(hearing.heard), asked) == (2, [])


def test_a_first_hearing_that_fails_has_no_second() -> None:
    hearing = Hearing(text("a", -4.0))
    with pytest.raises(RecognitionError, match="nobody waits"):
        heard_twice(hearing, SAMPLES, (), lambda: False, always)
    assert len(hearing.heard) == 1


def test_nothing_is_longer_than_the_model_can_take() -> None:
    hearing = Hearing(text("a", -4.0), text("b", -1.0), text("c", -4.0), text("d", -1.0))
    hearing.longest_s = (len(SAMPLES) + LATER) / 16_000
    assert heard(hearing) == "b"
    hearing.longest_s -= 1 / 16_000
    assert heard(hearing) == "c"


def test_nothing_heard_is_not_listened_for_again() -> None:
    hearing = Hearing(Rescored((), (), complete=True))
    assert heard(hearing) == ""
    assert len(hearing.heard) == 1
