"""Certainty is a share of one; confidence grows with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.asr.confidence import FrameScores, frame_certainty, frame_totals, word_confidence


def chunk(scores: NDArray[np.float32]) -> FrameScores:
    return scores, frame_totals(scores)


def test_the_shares_of_all_outputs_add_up_to_one() -> None:
    scores = np.random.default_rng(4).normal(0, 3, (7, 5)).astype(np.float32)
    parts = [chunk(scores[:3]), chunk(scores[3:])]
    total = sum(np.exp(frame_certainty(parts, np.full(7, pdf, np.int32))) for pdf in range(5))
    assert total == pytest.approx(np.ones(7), abs=1e-5)


def test_a_path_shorter_than_the_scores_uses_its_own_frames() -> None:
    parts = [chunk(np.zeros((4, 2), np.float32)), chunk(np.zeros((4, 2), np.float32))]
    for frames in (2, 5):
        certainty = frame_certainty(parts, np.ones(frames, np.int32))
        assert certainty == pytest.approx(np.log([0.5] * frames))
    assert len(frame_certainty([], np.empty(0, np.int32))) == 0


@given(st.floats(-20, 0), st.floats(0.01, 5))
def test_confidence_is_a_share_and_grows_with_certainty(mean: float, more: float) -> None:
    low = word_confidence(np.array([mean, mean], np.float32))
    high = word_confidence(np.array([mean + more], np.float32))
    assert 0.0 <= low < high <= 1.0
    assert word_confidence(np.empty(0, np.float32)) == 0.0
