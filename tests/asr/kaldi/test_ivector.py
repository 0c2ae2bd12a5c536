"""The matrix form of the ivector against the method written out frame by frame."""

import numpy as np
import pytest

from edge_asr.asr.kaldi.ivector import IvectorExtractor

CEPS, GAUSSIANS, DIM = 4, 12, 3


def model(seed: int = 5) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    inv_vars = rng.uniform(0.5, 2.0, (GAUSSIANS, CEPS))
    means = rng.normal(0, 2, (GAUSSIANS, CEPS))
    sigma_inv_m = rng.normal(0, 1, (GAUSSIANS, CEPS, DIM))
    half = rng.normal(0, 1, (GAUSSIANS, DIM, DIM))
    return {
        "gmm_const": -0.5 * (means**2 * inv_vars).sum(1) + 0.5 * np.log(inv_vars).sum(1),
        "gmm_means_invvars": means * inv_vars,
        "gmm_inv_vars": inv_vars,
        "lda": rng.normal(0, 0.4, (CEPS, 7 * CEPS + 1)),
        "cmvn_mean": rng.normal(0, 1, CEPS),
        "sigma_inv_m": sigma_inv_m,
        "u": np.einsum("gij,gkj->gik", half, half),
        "prior_offset": np.float64(20.0),
        "splice_left": np.int32(3),
        "splice_right": np.int32(3),
        "ivector_dim": np.int32(DIM),
    }


def written_out(m: dict[str, np.ndarray], frames: np.ndarray, blocks: list[int]) -> np.ndarray:
    """Kaldi's method, one frame at a time, in double precision; of two frames the first is looked at, for both."""
    quadratic, linear, weight = np.eye(DIM), np.eye(DIM)[0] * float(m["prior_offset"]), 0.0

    def projected(rows: np.ndarray, at: int) -> np.ndarray:
        picked = [rows[min(max(at + shift, 0), len(rows) - 1)] for shift in range(-3, 4)]
        return np.asarray(m["lda"][:, :-1] @ np.concatenate(picked) + m["lda"][:, -1])

    begin = 0
    for end in blocks:
        seen = frames[:end].astype(np.float64)
        normalized = []
        for at in range(end):
            window = seen[max(0, at - 599) : at + 1]
            top_up = min(600 - len(window), 200)
            normalized.append(seen[at] - (window.sum(0) + top_up * m["cmvn_mean"]) / (len(window) + top_up))
        for at in range(begin + begin % 2, end, 2):
            x, y = projected(np.array(normalized), at), projected(seen, at)
            scores = m["gmm_const"] + m["gmm_means_invvars"] @ x - 0.5 * m["gmm_inv_vars"] @ x**2
            best = np.argsort(scores)[-5:]
            share = np.exp(scores[best] - scores[best].max())
            share /= share.sum()
            share[share < 0.025] = 0.0
            share *= 2 * 0.1 / share.sum()
            for gaussian, part in zip(best, share, strict=True):
                quadratic = quadratic + part * m["u"][gaussian]
                linear = linear + part * m["sigma_inv_m"][gaussian].T @ y
            before, weight = max(weight, 100.0), weight + share.sum()
            strengthen = (max(weight, 100.0) - before) / 100.0
            quadratic = quadratic + strengthen * np.eye(DIM)
            linear = linear + strengthen * float(m["prior_offset"]) * np.eye(DIM)[0]
        begin = end
    estimate = np.linalg.solve(quadratic, linear)
    estimate[0] -= float(m["prior_offset"])
    return estimate


@pytest.mark.parametrize("blocks", [[1], [7], [3, 4, 40], [50, 51, 52, 53], [700, 1300], [24, 48, 1250]])
def test_equal_to_the_method_written_out(blocks: list[int]) -> None:
    arrays = model()
    frames = np.random.default_rng(6).normal(0, 1.5, (blocks[-1], CEPS)).astype(np.float32)
    extractor = IvectorExtractor(arrays)
    state, first = extractor.start(), 0
    for end in blocks:
        state = extractor.accept(frames[:end], first, state)
        first = end
    found = extractor.ivector(state)
    assert found.shape == (1, DIM)
    assert found[0] == pytest.approx(written_out(arrays, frames, blocks), rel=1e-4, abs=1e-5)


def test_the_prior_is_strengthened_once_there_is_much_to_go_by() -> None:
    arrays = model()
    frames = np.random.default_rng(7).normal(0, 1.5, (1300, CEPS)).astype(np.float32)
    extractor = IvectorExtractor(arrays)
    state = extractor.accept(frames, 0, extractor.start())
    assert state.weight == pytest.approx(130.0)
    assert extractor.ivector(state)[0] == pytest.approx(written_out(arrays, frames, [1300]), rel=1e-4, abs=1e-5)


def test_no_frame_is_no_voice() -> None:
    extractor = IvectorExtractor(model())
    state = extractor.accept(np.empty((0, CEPS), np.float32), 0, extractor.start())
    assert (extractor.ivector(state) == 0).all()
