"""Sentences that come near the best one, in scores that lie between two of them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.kaldi.command_search import CommandGraphs, CommandSearch
from edge_asr.asr.kaldi.rivals import Rivals
from tests.asr.kaldi import made_lexicon as made
from tests.asr.kaldi.sentence_list import of_sentences

SENTENCES = ["run a bed door", "run a bad door", "run a red gate", "run on"]


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> CommandGraphs:
    folder: Path = tmp_path_factory.mktemp("lexicon")
    return CommandGraphs(of_sentences(SENTENCES), made.lexicon(folder), made.labels())


def between(one: str, other: str, share: float) -> NDArray[np.float32]:
    """Scores of a sound that is the one sentence to that share, and the other to the rest."""
    first, second = (made.said(made.utterance(text)) for text in (one, other))
    return (share * first + (1.0 - share) * second).astype(np.float32)


def rows(graphs: CommandGraphs, scores: NDArray[np.float32]) -> list[tuple[str, float]]:
    found = Rivals(graphs.fst, scores).rows()
    return [(graphs.text(rival.tokens), rival.cost) for rival in found]


def test_a_clear_sentence_has_no_rival(graphs: CommandGraphs) -> None:
    found = rows(graphs, between("run a bed door", "run a bed door", 1.0))
    assert [text for text, _ in found] == ["run a bed door"]


@pytest.mark.parametrize("share", [0.45, 0.5001, 0.55])
def test_the_nearest_come_in_the_order_of_their_costs_and_cost_what_the_search_says(
    graphs: CommandGraphs, share: float
) -> None:
    scores = between("run a bed door", "run a bad door", share)
    found = rows(graphs, scores)
    order = ["run a bed door", "run a bad door"]
    assert [text for text, _ in found] == (order if share > 0.5 else order[::-1])
    # four frames of one vowel, 6.0 apart, are what the two differ in
    assert found[1][1] - found[0][1] == pytest.approx(4 * 6.0 * abs(2 * share - 1), abs=1e-3)
    search = CommandSearch(graphs)
    search.advance(scores)
    best = search.sentence()
    assert graphs.text(best.words) == found[0][0]
    assert best.cost == pytest.approx(found[0][1], abs=1e-3)


def test_the_path_of_a_row_has_a_label_for_each_frame_and_the_words_where_they_are_said(graphs: CommandGraphs) -> None:
    scores = between("run a bed door", "run a bad door", 0.52)
    rivals = Rivals(graphs.fst, scores)
    search = CommandSearch(graphs)
    search.advance(scores)
    best = search.sentence()
    same, other = (rivals.path(rival) for rival in rivals.rows())
    assert same.words == best.words
    assert same.labels.tolist() == best.labels.tolist()
    assert graphs.text(other.words) == "run a bad door"
    assert other.ends
    assert other.cost > same.cost == pytest.approx(best.cost, abs=1e-3)
    assert len(other.labels) == len(scores)
    assert graphs.labels.word_spans(other.labels) == graphs.labels.word_spans(best.labels)


@pytest.mark.parametrize("frames", [0, 1])
def test_a_sound_too_short_for_any_sentence_has_no_rows(graphs: CommandGraphs, frames: int) -> None:
    assert rows(graphs, between("run on", "run on", 1.0)[:frames]) == []
