"""`ivector.npz`: the extractor's model, with everything that does not depend on audio computed once."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.errors import ModelError
from edge_asr_export.kaldi_binary import KaldiReader
from edge_asr_export.kaldi_text import read_matrix, read_options

Doubles = NDArray[np.float64]


def ivector_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """Arrays of `ivector.npz` from a model's `ivector` folder.

    G Gaussians over D projected cepstra, F the width of the ivector:
    gmm_const (G,), gmm_means_invvars and gmm_inv_vars (G, D), lda (D, spliced [+ 1]), cmvn_mean (cepstra,),
    sigma_inv_m (G, D, F), u (G, F, F), prior_offset, splice_left, splice_right, ivector_dim.
    Source: Kaldi's DiagGmm and IvectorExtractor.
    """
    const, means_invvars, inv_vars = _read_gmm(folder / "final.dubm")
    projections, precisions, offset = _read_extractor(folder / "final.ie")
    if len(projections) != len(const):
        raise ModelError(f"final.ie has {len(projections)} Gaussians, final.dubm {len(const)}: expected the same")
    sigma_inv_m = precisions @ projections
    stats = read_matrix(folder / "global_cmvn.stats")
    splice = read_options(folder / "splice.conf")
    return {
        "gmm_const": const,
        "gmm_means_invvars": means_invvars,
        "gmm_inv_vars": inv_vars,
        "lda": read_matrix(folder / "final.mat"),
        "cmvn_mean": stats[0, :-1] / stats[0, -1],
        "sigma_inv_m": sigma_inv_m,
        "u": projections.transpose(0, 2, 1) @ sigma_inv_m,
        "prior_offset": np.array(offset, np.float64),
        "splice_left": np.array(int(splice["left-context"]), np.int32),
        "splice_right": np.array(int(splice["right-context"]), np.int32),
        "ivector_dim": np.array(projections.shape[2], np.int32),
    }


def _read_gmm(path: Path) -> tuple[Doubles, Doubles, Doubles]:
    """Constants (G,), means times inverse variances (G, D) and inverse variances (G, D)."""
    reader = KaldiReader.open(path)
    reader.expect("<DiagGMM>")
    token = reader.token()
    if token == "<GCONSTS>":  # noqa: S105 - a token of the format
        reader.array()  # single precision: computed below in double
        token = reader.token()
    if token != "<WEIGHTS>":  # noqa: S105
        raise reader.fault(f"found {token!r}, expected <WEIGHTS>")
    weights = reader.array().astype(np.float64)
    reader.expect("<MEANS_INVVARS>")
    means_invvars = reader.array().astype(np.float64)
    reader.expect("<INV_VARS>")
    inv_vars = reader.array().astype(np.float64)
    dim = inv_vars.shape[1]
    mahalanobis = (means_invvars**2 / inv_vars).sum(axis=1)
    const = np.log(weights) - 0.5 * (dim * np.log(2 * np.pi) - np.log(inv_vars).sum(axis=1) + mahalanobis)
    return const, means_invvars, inv_vars


def _read_extractor(path: Path) -> tuple[Doubles, Doubles, float]:
    """Projections M (G, D, F), precisions (G, D, D) and the prior's offset."""
    reader = KaldiReader.open(path)
    reader.expect("<IvectorExtractor>", "<w>")
    reader.array()
    reader.expect("<w_vec>")
    reader.array()
    reader.expect("<M>")
    count = reader.integer()
    projections = np.stack([reader.array() for _ in range(count)]).astype(np.float64)
    reader.expect("<SigmaInv>")
    precisions = np.stack([reader.array() for _ in range(count)]).astype(np.float64)
    reader.expect("<IvectorOffset>")
    return projections, precisions, reader.real()
