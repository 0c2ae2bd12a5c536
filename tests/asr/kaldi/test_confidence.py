"""Certainty is a share of one; confidence grows with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.asr.kaldi.confidence import Certainty, word_confidence


def heard(*chunks: NDArray[np.float32]) -> Certainty:
    certainty = Certainty()
    for scores in chunks:
        certainty.add(scores)
    return certainty


def test_the_shares_of_all_outputs_add_up_to_one() -> None:
    scores = np.random.default_rng(4).normal(0, 3, (7, 5)).astype(np.float32)
    certainty = heard(scores[:3], scores[3:])
    total = sum(np.exp(certainty.along(np.full(7, pdf, np.int32))) for pdf in range(5))
    assert total == pytest.approx(np.ones(7), abs=1e-5)


@pytest.mark.parametrize("top", [-1000.0, -104.0, -103.0, -95.0, -81.0, -3.0, 79.0, 85.0, 100.0, 1000.0])
def test_scores_of_any_size_are_shared_out(top: float) -> None:
    scores = np.random.default_rng(4).uniform(-9, 0, (3, 50)).astype(np.float32)
    scores[:, 0] = 0.0
    scores[1] += np.float32(top)
    told = heard(scores).along(np.zeros(3, np.int32))
    each = scores.astype(np.float64)
    wanted = each[:, 0] - np.log(np.exp(each - each.max(axis=1, keepdims=True)).sum(axis=1)) - each.max(axis=1)
    assert told == pytest.approx(wanted, abs=1e-4)


def test_a_path_shorter_than_the_scores_uses_its_own_frames() -> None:
    certainty = heard(np.zeros((4, 2), np.float32), np.zeros((4, 2), np.float32))
    for frames in (2, 5):
        assert certainty.along(np.ones(frames, np.int32)) == pytest.approx(np.log([0.5] * frames))
    assert len(heard().along(np.empty(0, np.int32))) == 0


def test_growing_keeps_what_was_there() -> None:
    scores = np.random.default_rng(5).normal(0, 3, (40, 3)).astype(np.float32)
    pieces = heard(*(scores[at : at + 1] for at in range(40)))
    path = np.arange(40, dtype=np.int32) % 3
    assert pieces.along(path) == pytest.approx(heard(scores).along(path))


@given(st.floats(-20, 0), st.floats(0.01, 5))
def test_confidence_is_a_share_and_grows_with_certainty(mean: float, more: float) -> None:
    low = word_confidence(np.array([mean, mean], np.float32))
    high = word_confidence(np.array([mean + more], np.float32))
    assert 0.0 <= low < high <= 1.0
    assert word_confidence(np.empty(0, np.float32)) == 0.0
