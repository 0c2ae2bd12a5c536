"""Who decides between two sentences that sound alike, by a judge whose opinion is made up."""

import copy
import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.judge import Weighed
from edge_asr.asr.kaldi.command_search import CommandGraphs, CommandSearch
from edge_asr.asr.kaldi.labels import Position
from edge_asr.asr.kaldi.rivals import Rivals
from edge_asr.errors import RecognitionError
from tests.asr.kaldi import made_lexicon as made
from tests.asr.kaldi.sentence_list import of_sentences
from tests.asr.kaldi.test_rivals import SENTENCES, between

SOUND = np.arange(16_000, dtype=np.int16)
UNHEARD = -25.0


class MadeUp:
    """Weighs as it was told; what it was asked is kept."""

    sample_rate_hz = 16_000
    longest_s = 1.0

    def __init__(self, shares: dict[str, float]) -> None:
        self.shares = shares
        self.asked: list[list[str]] = []

    def weigh(self, samples: NDArray[np.int16], texts: Sequence[str]) -> list[Weighed]:
        assert samples is SOUND
        self.asked.append(list(texts))
        return [Weighed(self.shares[text], UNHEARD) for text in texts]

    def stop(self) -> None:
        raise AssertionError("nobody stops it here")


class Failing(MadeUp):
    """Has an opinion and cannot tell it."""

    def weigh(self, samples: NDArray[np.int16], texts: Sequence[str]) -> list[Weighed]:
        super().weigh(samples, texts)
        raise RecognitionError("made to fail")


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> CommandGraphs:
    return CommandGraphs(of_sentences(SENTENCES), made.lexicon(tmp_path_factory.mktemp("lexicon")), made.labels())


def decided(
    graphs: CommandGraphs,
    share: float,
    judge: MadeUp,
    samples: NDArray[np.int16] = SOUND,
    *,
    doubtful: bool = False,
) -> str:
    """What is understood of a sound between "bed", to that share, and "bad"."""
    return told(graphs, share, judge, samples, doubtful=doubtful)[0]


def told(
    graphs: CommandGraphs, share: float, judge: MadeUp, samples: NDArray[np.int16] = SOUND, *, doubtful: bool = False
) -> tuple[str, float]:
    """The same, and how likely the judge finds it, infinite where it was not asked."""
    scores = between("run a bed door", "run a bad door", share)
    search = CommandSearch(graphs)
    search.advance(scores)
    choice = search.closest(search.sentence(), scores, judge, samples, doubtful=doubtful)
    assert choice.weighed is None or choice.weighed.unheard == UNHEARD
    return graphs.text(choice.path.words), math.inf if choice.weighed is None else choice.weighed.log_share


def test_the_judge_decides_where_the_sound_hardly_does(graphs: CommandGraphs) -> None:
    for said, other in (("bed", "bad"), ("bad", "bed")):
        judge = MadeUp({f"run a {said} door": -3.0, f"run a {other} door": -20.0})
        assert decided(graphs, 0.51, judge) == f"run a {said} door"
        assert judge.asked == [["run a bed door", "run a bad door"]]


def test_the_sound_still_counts(graphs: CommandGraphs) -> None:
    """Costs are 3.84 apart, opinions 4, of which three quarters count."""
    assert decided(graphs, 0.58, MadeUp({"run a bed door": -8.0, "run a bad door": -4.0})) == "run a bed door"


@pytest.mark.parametrize(
    ("bed", "bad", "said", "undecided"),
    [
        (-8.0, -8.0, "bed", False),  # costs alone are 3.84 apart
        (-8.0, -5.0, "bed", True),
        (-8.0, -1.0, "bad", True),
        (-12.0, -1.0, "bad", False),
        (-8.0, -math.inf, "bed", False),
    ],
)
def test_what_search_and_judge_together_hardly_prefer_is_undecided(
    graphs: CommandGraphs, bed: float, bad: float, said: str, *, undecided: bool
) -> None:
    scores = between("run a bed door", "run a bad door", 0.58)
    search = CommandSearch(graphs)
    search.advance(scores)
    judge = MadeUp({"run a bed door": bed, "run a bad door": bad})
    choice = search.closest(search.sentence(), scores, judge, SOUND, doubtful=False)
    assert (graphs.text(choice.path.words), choice.undecided) == (f"run a {said} door", undecided)


def test_nobody_is_asked_about_a_clear_sentence(graphs: CommandGraphs) -> None:
    judge = MadeUp({})
    assert decided(graphs, 1.0, judge) == "run a bed door"
    assert judge.asked == []


def test_about_a_doubtful_one_somebody_is_asked_however_clear_it_is(graphs: CommandGraphs) -> None:
    judge = MadeUp({"run a bed door": -50.0})
    assert told(graphs, 1.0, judge, doubtful=True) == ("run a bed door", -50.0)
    assert judge.asked == [["run a bed door"]]
    assert told(graphs, 1.0, judge) == ("run a bed door", math.inf)


def test_the_share_is_that_of_the_choice(graphs: CommandGraphs) -> None:
    assert told(graphs, 0.51, MadeUp({"run a bed door": -20.0, "run a bad door": -3.0})) == ("run a bad door", -3.0)


def test_a_rival_that_the_judge_cannot_write_is_left_out(graphs: CommandGraphs) -> None:
    judge = MadeUp({"run a bed door": -20.0, "run a bad door": -math.inf})
    assert told(graphs, 0.51, judge) == ("run a bed door", -20.0)


def test_words_of_two_meanings_are_no_close_call(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Who says them again says nothing else."""
    lexicon = made.lexicon(tmp_path_factory.mktemp("lexicon"))
    words = "run a bed door"
    twice = CommandGraphs(
        of_sentences([words, words, "run a bad door"], intent=("A", "B", "C")), lexicon, made.labels()
    )
    scores = between(words, "run a bad door", 0.51)
    search = CommandSearch(twice)
    search.advance(scores)
    judge = MadeUp({words: -3.0, "run a bad door": -20.0})
    choice = search.closest(search.sentence(), scores, judge, SOUND, doubtful=False)
    assert (twice.text(choice.path.words), choice.undecided) == (words, False)
    assert judge.asked == [[words, "run a bad door"]]


def test_of_three_meanings_the_next_one_counts(tmp_path_factory: pytest.TempPathFactory) -> None:
    lexicon = made.lexicon(tmp_path_factory.mktemp("lexicon"))
    graphs = CommandGraphs(of_sentences(["run a bed door", "run a bad door", "run a red door"]), lexicon, made.labels())
    shares = {"bed": 0.1, "bad": 0.4, "red": 0.5}
    scores = sum(share * made.said(made.utterance(f"run a {one} door")) for one, share in shares.items())
    scores = np.asarray(scores, np.float32)
    search = CommandSearch(graphs)
    search.advance(scores)
    judge = MadeUp({"run a bed door": -3.0, "run a bad door": -40.0, "run a red door": -4.0})
    choice = search.closest(search.sentence(), scores, judge, SOUND, doubtful=False)
    assert len(judge.asked[0]) == 3
    assert (graphs.text(choice.path.words), choice.undecided) == ("run a bed door", True)


def test_nobody_is_asked_when_both_mean_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    lexicon = made.lexicon(tmp_path_factory.mktemp("lexicon"))
    same = CommandGraphs(of_sentences(SENTENCES, intent="run"), lexicon, made.labels())
    judge = MadeUp({})
    assert decided(same, 0.51, judge) == "run a bed door"
    assert judge.asked == []


@pytest.mark.parametrize(
    "judge",
    [
        Failing({"run a bed door": -20.0, "run a bad door": -3.0}),
        MadeUp({"run a bed door": -math.inf, "run a bad door": -3.0}),
        MadeUp({"run a bed door": math.nan, "run a bad door": -3.0}),
    ],
)
def test_a_judge_that_cannot_tell_changes_nothing(graphs: CommandGraphs, judge: MadeUp) -> None:
    assert decided(graphs, 0.51, judge) == "run a bed door"
    assert len(judge.asked) == 1


def test_more_than_the_judge_can_hear_is_left_to_the_search(graphs: CommandGraphs) -> None:
    judge = MadeUp({"run a bed door": -20.0, "run a bad door": -3.0})
    assert decided(graphs, 0.51, judge, np.zeros(16_001, np.int16)) == "run a bed door"
    assert judge.asked == []


def test_a_sentence_that_the_second_look_loses_on_its_way_is_not_given_up_for_those_that_it_finds(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Its vowel sounds like another, by more than the narrower search bears; its last word is clear."""
    lexicon = made.lexicon(tmp_path_factory.mktemp("lexicon"))
    others = ["run a bad gate", "run a bad tree"]
    graphs = CommandGraphs(of_sentences(["run a bed door", *others]), lexicon, made.labels())
    scores = made.said(made.utterance("run a bed door"))
    wrong = made.enter(made.phone("a", Position.INTERNAL)) - 1  # labels count from 1
    scores[24:28, wrong : wrong + 2] = 6.0 + 12.5 / 4
    assert {graphs.text(rival.tokens) for rival in Rivals(graphs.fst, scores).rows()} == set(others)
    search = CommandSearch(graphs)
    search.advance(scores)
    judge = MadeUp({"run a bed door": -20.0, **dict.fromkeys(others, -3.0)})
    choice = search.closest(search.sentence(), scores, judge, SOUND, doubtful=False)
    assert graphs.text(choice.path.words) == "run a bed door"


def test_a_list_too_large_to_be_searched_twice_is_left_to_the_search(graphs: CommandGraphs) -> None:
    judge = MadeUp({"run a bed door": -20.0, "run a bad door": -3.0})
    large = copy.copy(graphs)
    large.states = 200_001
    assert decided(large, 0.51, judge) == "run a bed door"
    assert judge.asked == []
    assert told(large, 0.51, judge, doubtful=True) == ("run a bed door", -20.0)
