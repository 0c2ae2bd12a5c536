"""The extractor's arrays against the model's own formulas, and Kaldi's text files."""

from pathlib import Path

import numpy as np
import pytest

from edge_asr.errors import ModelError
from edge_asr_export.ivector_arrays import ivector_arrays
from edge_asr_export.kaldi_text import read_integers, read_matrix, read_options
from tests.export import kaldi_files as kaldi
from tests.export.conftest import Published
from tests.export.tiny_model import GAUSSIANS, PROJECTED
from tests.export.tiny_network import INPUT_DIM, IVECTOR_DIM


def test_names_shapes_and_types(published: Published) -> None:
    arrays = ivector_arrays(published.model / "ivector")
    assert {name: (array.dtype.name, array.shape) for name, array in arrays.items()} == {
        "gmm_const": ("float64", (GAUSSIANS,)),
        "gmm_means_invvars": ("float64", (GAUSSIANS, PROJECTED)),
        "gmm_inv_vars": ("float64", (GAUSSIANS, PROJECTED)),
        "lda": ("float64", (PROJECTED, 7 * INPUT_DIM + 1)),
        "cmvn_mean": ("float64", (INPUT_DIM,)),
        "sigma_inv_m": ("float64", (GAUSSIANS, PROJECTED, IVECTOR_DIM)),
        "u": ("float64", (GAUSSIANS, IVECTOR_DIM, IVECTOR_DIM)),
        "prior_offset": ("float64", ()),
        "splice_left": ("int32", ()),
        "splice_right": ("int32", ()),
        "ivector_dim": ("int32", ()),
    }
    assert float(arrays["prior_offset"]) == 10.0
    np.testing.assert_array_equal(arrays["cmvn_mean"], np.arange(INPUT_DIM))


def test_the_mixture_gives_the_density_of_its_gaussians(published: Published) -> None:
    arrays = ivector_arrays(published.model / "ivector")
    inverse, point = arrays["gmm_inv_vars"], np.array([0.3, -1.0, 2.0])
    means = arrays["gmm_means_invvars"] / inverse
    found = arrays["gmm_const"] + arrays["gmm_means_invvars"] @ point - 0.5 * inverse @ point**2
    density = np.prod(np.sqrt(inverse / (2 * np.pi)) * np.exp(-0.5 * (point - means) ** 2 * inverse), axis=1)
    np.testing.assert_allclose(np.exp(found), density / GAUSSIANS)


def test_precomputed_products_belong_together(published: Published) -> None:
    """With S the precision and M the projection: sigma_inv_m = S M, u = M' S M, symmetric and positive."""
    arrays = ivector_arrays(published.model / "ivector")
    for u, product in zip(arrays["u"], arrays["sigma_inv_m"], strict=True):
        np.testing.assert_allclose(u, u.T)
        assert np.linalg.eigvalsh(u).min() > -1e-9
        projection = np.linalg.lstsq(product.T, u.T, rcond=None)[0]
        np.testing.assert_allclose(product.T @ projection, u, atol=1e-8)


def test_a_matrix_may_be_text_or_binary(tmp_path: Path) -> None:
    matrix = np.array([[1.0, -2.5], [3.0, 4e9]])
    (tmp_path / "text").write_text(" [\n  1 -2.5\n  3 4e9 ]\n")
    (tmp_path / "binary").write_bytes(kaldi.MAGIC + kaldi.array(matrix))
    np.testing.assert_array_equal(read_matrix(tmp_path / "text"), matrix)
    np.testing.assert_array_equal(read_matrix(tmp_path / "binary"), matrix)
    (tmp_path / "text").write_text("[ 1 2\n 3 ]")
    with pytest.raises(ModelError, match="text is no matrix"):
        read_matrix(tmp_path / "text")


def test_faults_in_text_files_name_line_and_expectation(tmp_path: Path) -> None:
    path = tmp_path / "x.conf"
    path.write_text("# why\n\n--a=1\n --b=x=y\n")
    assert read_options(path) == {"a": "1", "b": "x=y"}
    path.write_text("a=1\n")
    with pytest.raises(ModelError, match=r"x\.conf: 'a=1' is no option, expected --key=value"):
        read_options(path)
    with pytest.raises(ModelError, match="expected one integer on each line"):
        read_integers(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match=r"cannot be read as text"):
        read_integers(path)
    with pytest.raises(ModelError, match="cannot be read"):
        read_options(tmp_path / "none")
