"""The converted network against the definition, computed frame by frame."""

from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.asr.catalogue import find
from edge_asr.config import Config
from edge_asr.errors import ModelError
from edge_asr.settings import model_folder
from edge_asr_export.archive import cached_path, unpack
from edge_asr_export.install import CACHE_FOLDER
from edge_asr_export.kaldi_binary import KaldiReader
from edge_asr_export.nnet3 import Nnet3, read_nnet3
from edge_asr_export.nnet3_to_onnx import convert
from edge_asr_export.nnet3_to_streaming import convert_streaming
from edge_asr_export.quantize import write_quantized
from edge_asr_export.transition_model import read_transition_model
from tests.export import kaldi_files as kaldi
from tests.export.conftest import Quiet
from tests.export.oracle import outputs
from tests.export.tiny_network import INPUT_DIM, IVECTOR_DIM, TinyNetwork

OFFSETS = st.lists(st.integers(-4, 4), min_size=1, max_size=3, unique=True).map(sorted)
LAYERS = st.lists(st.tuples(OFFSETS, OFFSETS), min_size=1, max_size=3)
USUAL = [([-1, 0], [0, 1]), ([-3, 0], [0, 3])]


def net_of(data: bytes) -> Nnet3:
    return read_nnet3(KaldiReader(kaldi.MAGIC + data, "final.mdl"))


def session(model: onnx.ModelProto) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options)


def run(net: Any, frames: NDArray[np.float32], ivector: NDArray[np.float32]) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = net.run(None, {"input": frames, "ivector": ivector})[0]
    return scores


@settings(max_examples=40, deadline=None)
@given(LAYERS, st.integers(1, 3), st.integers(0, 11), st.integers(0, 99), st.booleans())
def test_any_network_of_the_family_computes_its_definition(
    layers: list[tuple[list[int], list[int]]], factor: int, extra: int, seed: int, shared: bool
) -> None:
    tiny = TinyNetwork(layers, seed=seed, shared=shared)
    if any(min(linear) + min(affine) > 0 or max(linear) + max(affine) < 0 for linear, affine in layers):
        return  # Kaldi builds none whose layer does not look at its own frame: the bypass would set the context
    net = net_of(tiny.data())
    frames = tiny.rng.normal(size=(tiny.left + tiny.right + 1 + extra, INPUT_DIM)).astype(np.float32)
    ivector = tiny.rng.normal(size=(1, IVECTOR_DIM)).astype(np.float32)
    found = run(session(convert(net, factor)), frames, ivector)
    wanted = outputs(net, frames, ivector, range(tiny.left, len(frames) - tiny.right, factor))
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=2e-6, atol=2e-5)  # float32's rounding, of sums that reach 60


@settings(max_examples=40, deadline=None)
@given(LAYERS, st.integers(1, 3), st.lists(st.integers(1, 4), min_size=2, max_size=6), st.integers(0, 99))
def test_streaming_in_any_chunks_gives_what_the_whole_run_gives(
    layers: list[tuple[list[int], list[int]]], factor: int, chunks: list[int], seed: int
) -> None:
    tiny = TinyNetwork(layers, seed=seed)
    if any(min(linear) + min(affine) > 0 or max(linear) + max(affine) < 0 for linear, affine in layers):
        return
    net = net_of(tiny.data())
    context = tiny.left + tiny.right
    lead = -(-context // factor)  # chunks of one output each that fill the states
    sizes = [factor * count for count in [lead + 1, *chunks]]
    frames = tiny.rng.normal(size=(sum(sizes), INPUT_DIM)).astype(np.float32)
    ivector = tiny.rng.normal(size=(1, IVECTOR_DIM)).astype(np.float32)
    streaming = session(convert_streaming(net, factor))
    states = {node.name: np.zeros(node.shape, np.float32) for node in streaming.get_inputs()[2:]}
    found, at = [], 0
    for size in sizes:
        given_ = {"input": frames[at : at + size], "ivector": ivector, **states}
        scores, *following = streaming.run(None, given_)
        assert len(scores) == size // factor
        states = dict(zip(states, following, strict=True))
        found.append(scores)
        at += size
    last = len(frames) - 1 - tiny.right
    times = range(last % factor + (-(-(tiny.left - last % factor) // factor)) * factor, last + 1, factor)
    whole = outputs(net, frames, ivector, times)
    assert len(whole) > len(chunks)
    np.testing.assert_allclose(np.concatenate(found)[-len(whole) :], whole, rtol=2e-6, atol=2e-5)


def test_metadata_stands_in_the_float_and_in_the_quantized_file(tmp_path: Any) -> None:
    net = net_of(TinyNetwork(USUAL).data())
    model = convert(net, 3)
    write_quantized(model, tmp_path / "small.onnx", net, 3)
    wanted = {"left_context": "6", "right_context": "6", "frame_subsampling_factor": "3"}
    for each in (model, onnx.load(tmp_path / "small.onnx")):
        assert {entry.key: entry.value for entry in each.metadata_props} == wanted
    small = session(onnx.load(tmp_path / "small.onnx"))
    assert {node.name for node in small.get_inputs()} == {"input", "ivector"}
    kinds = {node.op_type for node in onnx.load(tmp_path / "small.onnx").graph.node}
    assert "MatMulInteger" in kinds


def test_no_processor_can_cut_the_sum_of_two_products(tmp_path: Any) -> None:
    net = net_of(TinyNetwork(USUAL).data())
    write_quantized(convert_streaming(net, 3), tmp_path / "small.onnx", net, 3)
    graph = onnx.load(tmp_path / "small.onnx").graph
    weights = {node.input[1] for node in graph.node if node.op_type == "MatMulInteger"}
    arrays = [onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer if tensor.name in weights]
    assert len(arrays) == len(weights) > 0
    for array in arrays:
        assert array.dtype == np.int8
        assert 2 * 255 * int(np.abs(array.astype(np.int32)).max()) <= np.iinfo(np.int16).max


def test_what_is_not_needed_at_every_frame_is_not_computed_there() -> None:
    net = net_of(TinyNetwork(USUAL).data())
    frames = np.zeros((6 + 6 + 1 + 3 * 9, INPUT_DIM), np.float32)
    model = convert(net, 3)
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(n.output[0]) for n in model.graph.node)
    narrow = session(model)
    rows = [
        len(value)
        for node, value in zip(
            narrow.get_outputs(),
            narrow.run(None, {"input": frames, "ivector": np.zeros((1, 3), np.float32)}),
            strict=True,
        )
        if node.name.startswith("relu")
    ]
    assert len(rows) == 3
    assert rows[0] > 30  # the first layer at every frame
    assert rows[1] <= 12  # the others at every third
    assert rows[2] == 10


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (b"RectifiedLinearComponent", b"SigmoidComponent", "is a SigmoidComponent, which is not known"),
        (b"component=tdnn1.relu ", b"component=tdnn9.relu ", "lacks 'tdnn9.relu'"),
        (
            b"input-node name=ivector",
            b"input-node name=speaker",
            r"inputs \['input', 'speaker'\].*expected input, ivec",
        ),
        (b"output-node name=output input", b"output-node name=result input", "expected input, ivector and output"),
        (b"dim-offset=0", b"dim-offset=1", "a line that is not known"),
        (b"dim-offset=0 dim=5", b"dim-offset=0 dim=4", "takes 4 of 5 columns"),
        (b"Scale(0.75", b"IfDefined(0.75", "a line that is not known"),
        (b"Append(input,", b"Append(copy, input,", "takes blocks of 7 values and gets 20|gets 20"),
        (b"component-node name=joined", b"odd-node name=joined", "a line that is not known"),
        (b"<LeftContext> \4\6", b"<LeftContext> \4\5", "frames back and 6 ahead, its file says 5"),
    ],
)
def test_a_foreign_network_is_a_model_error(old: bytes, new: bytes, complaint: str) -> None:
    data = TinyNetwork(USUAL).data()
    assert old in data
    with pytest.raises(ModelError, match=complaint):
        convert(net_of(data.replace(old, new)), 3)


@pytest.mark.bundle
@pytest.mark.parametrize("name", ["en", "zh"])
def test_the_published_networks_compute_their_definition(name: str, quiet: Quiet, tmp_path: Any) -> None:
    entry = find(name)
    archive = cached_path(entry, model_folder(Config()) / CACHE_FOLDER)
    if not archive.is_file():
        pytest.skip("the archive is not in the cache; run: edge-asr models pull en --force")
    unpack(archive, entry.folder, ["am/final.mdl"], tmp_path, quiet)
    reader = KaldiReader.open(tmp_path / "am/final.mdl")
    transitions = read_transition_model(reader)
    net = read_nnet3(reader)
    rng = np.random.default_rng(2)
    frames = (rng.normal(size=(26 + 14 + 8, 40)) * 10).astype(np.float32)
    ivector = rng.normal(size=(1, net.inputs["ivector"])).astype(np.float32)
    found = run(session(convert(net, 3)), frames, ivector)
    np.testing.assert_allclose(found, outputs(net, frames, ivector, range(26, 34, 3)), atol=1e-4)
    assert int(transitions.pdf_of_label.max()) + 1 == found.shape[1]
