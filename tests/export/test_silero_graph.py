"""The voice detector written anew: the same function of every window, and refused where it would be another."""

from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from edge_asr.errors import ModelError
from edge_asr_export.silero_graph import rewritten
from tests.export import published_silero
from tests.export.published_silero import ROW, WIDTH


def outputs(model: bytes, rows: NDArray[np.float32], memory: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    feeds = {"input": rows, "h": memory, "c": -memory}
    found: list[NDArray[np.float32]] = ort.InferenceSession(model).run(["speech_probs", "hn", "cn"], feeds)
    return found


@pytest.mark.parametrize("count", [1, 2, 7])
def test_it_says_what_the_published_one_says(count: int) -> None:
    published = published_silero.network()
    anew = rewritten(onnx.load_from_string(published), ROW).SerializeToString()
    random = np.random.default_rng(count)
    rows = (0.3 * random.standard_normal((count, ROW))).astype(np.float32)
    memory = random.standard_normal((1, 1, WIDTH)).astype(np.float32)
    wanted, found = outputs(published, rows, memory), outputs(anew, rows, memory)
    assert [array.shape for array in found] == [array.shape for array in wanted]
    for one, other in zip(wanted, found, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-5)
    assert wanted[0].std() > 0.01 or count == 1  # the windows differ, and it tells them apart


def test_every_sample_of_a_window_counts_as_it_did() -> None:
    published = published_silero.network()
    anew = rewritten(onnx.load_from_string(published), ROW).SerializeToString()
    rows = np.eye(ROW, dtype=np.float32)[[0, 1, 63, 64, 127, 128, 400, 511, 512, 574, 575]]
    memory = np.zeros((1, 1, WIDTH), np.float32)
    wanted, found = outputs(published, rows, memory), outputs(anew, rows, memory)
    np.testing.assert_allclose(found[0], wanted[0], atol=1e-6)


@pytest.mark.parametrize(
    ("changed", "row", "complaint"),
    [
        ({"table": "stft.other"}, ROW, "of another build than Silero 5 and 6: 'stft.forward_basis_buffer'"),
        ({"length": 200}, ROW, "frames of 200 samples do not fill rows of 576"),
        ({}, 512, "frames of 256 samples do not fill rows of 512"),
    ],
)
def test_a_network_of_another_build_is_refused(changed: dict[str, Any], row: int, complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        rewritten(onnx.load_from_string(published_silero.network(**changed)), row)


@pytest.mark.parametrize("layer", ["encoder.0", "encoder.1", "encoder.3", "output"])
def test_kernels_of_another_shape_are_refused(layer: str) -> None:
    published = onnx.load_from_string(published_silero.network())
    weight = next(tensor for tensor in published.graph.initializer if tensor.name == f"{layer}.weight")
    changed = numpy_helper.to_array(weight)[:, :, :1].repeat(5, axis=2)
    weight.CopyFrom(numpy_helper.from_array(changed, weight.name))
    with pytest.raises(ModelError, match=r"of another build than Silero 5 and 6: its kernels are \["):
        rewritten(published, ROW)
