"""A zipformer whose files do not fit each other is refused when it is loaded, in one sentence."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from msgspec.structs import replace as changed
from onnx import TensorProto, helper, numpy_helper

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.families import load_streaming
from edge_asr.asr.manifest import ZipformerManifest
from edge_asr.config import RecognizerConfig
from edge_asr.errors import EXIT_CONFIG, ModelError
from edge_asr_export.zipformer.builder import write
from edge_asr_export.zipformer.networks import transducer
from edge_asr_export.zipformer.plan import Plan
from tests.asr.zipformer.zipformers import Kind, network

Change = Callable[[onnx.ModelProto], object]


def copy_of(kind: Kind, folder: Path) -> Bundle[ZipformerManifest]:
    whole = network(kind).bundle
    shutil.copytree(whole.folder, folder / "mine")
    return Bundle(folder / "mine", whole.manifest)


def refusal(bundle: Bundle[ZipformerManifest]) -> str:
    with pytest.raises(ModelError) as caught:
        load_streaming(bundle, RecognizerConfig())
    assert caught.value.exit_code == EXIT_CONFIG
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith("run: edge-asr models add mine --from FOLDER_OR_URL --force")
    return text


def says(**metadata: str | None) -> Change:
    """Other metadata; None leaves a key out."""

    def change(model: onnx.ModelProto) -> None:
        kept = {prop.key: prop.value for prop in model.metadata_props} | metadata
        helper.set_model_props(model, {key: value for key, value in kept.items() if value is not None})

    return change


def renamed_input(old: str, new: str) -> Change:
    def change(model: onnx.ModelProto) -> None:
        for node in model.graph.node:
            node.input[:] = [new if name == old else name for name in node.input]
        (found,) = [value for value in model.graph.input if value.name == old]
        found.name = new

    return change


def without_output(name: str) -> Change:
    def change(model: onnx.ModelProto) -> None:
        kept = [value for value in model.graph.output if value.name != name]
        del model.graph.output[:]
        model.graph.output.extend(kept)

    return change


def another_plan(plan: Plan) -> Change:
    """The encoder of another plan under the metadata of the usual one."""

    def change(model: onnx.ModelProto) -> None:
        metadata = {prop.key: prop.value for prop in model.metadata_props}
        model.CopyFrom(transducer(plan).encoder)
        helper.set_model_props(model, metadata)

    return change


def opset(version: int) -> Change:
    def change(model: onnx.ModelProto) -> None:
        model.opset_import[0].version = version

    return change


def not_a_number(model: onnx.ModelProto) -> None:
    for weights in model.graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype == np.float32 and values.size > 1:
            weights.CopyFrom(numpy_helper.from_array(np.full_like(values, np.nan), weights.name))


BAD: dict[str, tuple[Kind, str, Change, str]] = {
    "another family": ("transducer", "encoder", says(model_type="conformer"), "the model type 'conformer', expected"),
    "no family": ("ctc", "network", says(model_type=None), "the model type None, expected 'zipformer2'"),
    "other features": ("transducer", "encoder", says(feature="whisper"), "listens to 'whisper' features"),
    "a key is missing": ("transducer", "encoder", says(T=None), "its metadata has no T"),
    "no number": ("ctc", "network", says(encoder_dims="32,x,32"), "encoder_dims='32,x,32', expected whole numbers"),
    "two numbers": ("ctc", "network", says(T="45,45"), "T='45,45', expected one number"),
    "zero": ("ctc", "network", says(num_heads="2,0,2"), "num_heads='2,0,2', expected whole numbers above 0"),
    "a stack too few": ("ctc", "network", says(num_heads="2,4"), "2 num_heads and 3 encoder_dims, expected equal"),
    "a chunk below its shift": ("ctc", "network", says(T="30"), "T=30 and decode_chunk_len=32"),
    "another model of the family": ("transducer", "encoder", says(num_encoder_layers="1,1,1"), "the manifest"),
    "a state is missing": (
        "transducer",
        "encoder",
        renamed_input("cached_val1_2", "cached_other"),
        "it has no input 'cached_val1_2'",
    ),
    "a state does not come out": (
        "ctc",
        "network",
        without_output("new_cached_key_0"),
        "it has no output 'new_cached_key_0'",
    ),
    "a state of another shape": (
        "transducer",
        "encoder",
        another_plan(replace(Plan(), kernels=(17, 9, 7))),
        "its input 'cached_conv1_0' is float32 (any, 32, 8), expected float32 (1, 32, 7)",
    ),
    "other frames": (
        "transducer",
        "encoder",
        another_plan(replace(Plan(), shift_frames=64)),
        "its input 'x' is float32 (any, 77, 80), expected float32 (1, 45, 80)",
    ),
    "an opset of the future": ("transducer", "encoder", opset(999), "is not a network that onnxruntime can load"),
    "no numbers come out": ("ctc", "network", not_a_number, "expected finite numbers"),
    "a decoder of another context": ("transducer", "decoder", says(context_size="1"), "context_size=1, expected 2"),
    "a decoder of other tokens": ("transducer", "decoder", says(vocab_size="7"), "vocab_size=7, expected 200"),
    "a decoder that takes something else": (
        "transducer",
        "decoder",
        renamed_input("y", "tokens"),
        "decoder.onnx is a foreign network: it has no input 'y'",
    ),
}


@pytest.mark.parametrize(("kind", "role", "change", "complaint"), BAD.values(), ids=BAD.keys())
def test_a_network_that_does_not_fit(kind: Kind, role: str, change: Change, complaint: str, tmp_path: Path) -> None:
    bundle = copy_of(kind, tmp_path)
    model = onnx.load(bundle.path(role))
    change(model)
    onnx.save(model, bundle.path(role))
    text = refusal(bundle)
    assert complaint in text
    assert bundle.path(role).name in text


def test_a_foreign_network_and_no_network_at_all(tmp_path: Path) -> None:
    bundle = copy_of("transducer", tmp_path)
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("a", "b")]
    graph = helper.make_graph([helper.make_node("Identity", ["a"], ["b"])], "foreign", value[:1], value[1:])
    opsets = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), bundle.path("joiner"))
    assert "joiner.onnx is a foreign network: it has no input 'encoder_out'" in refusal(bundle)
    bundle.path("joiner").write_bytes(b"no network")
    assert "joiner.onnx is not a network that onnxruntime can load" in refusal(bundle)


def test_a_joiner_of_another_width(tmp_path: Path) -> None:
    bundle = copy_of("transducer", tmp_path)
    write(transducer(replace(Plan(), joiner_dim=24, vocabulary=200)).joiner, bundle.path("joiner"), quantized=False)
    assert "its input 'encoder_out' is float32 (any, 24), expected float32 (any, 40)" in refusal(bundle)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda lines: lines[:-1], "is of another model: it has no token 199, the network has 200 tokens"),
        (lambda lines: [*lines, "MORE 200"], "'MORE' lies beyond the network's 200 tokens"),
        (lambda lines: [*lines[:-1], "X 5"], "gives the number 5 to"),
        (lambda lines: [*lines, "nonsense"], "has a line 'nonsense'; expected TOKEN NUMBER"),
        (lambda lines: ["QQ 0", *lines[1:]], "the tokens have none of <blk>, <eps>, <blank>"),
        (lambda lines: ["QQ 0", "<blk> 1", *lines[2:]], "has blank at 1, expected at 0"),
    ],
)
def test_tokens_that_do_not_match(change: Callable[[list[str]], list[str]], complaint: str, tmp_path: Path) -> None:
    bundle = copy_of("transducer", tmp_path)
    file = bundle.path("tokens")
    file.write_text("\n".join(change(file.read_text(encoding="utf-8").splitlines())) + "\n", encoding="utf-8")
    assert complaint in refusal(bundle)


def test_tokens_that_are_no_text(tmp_path: Path) -> None:
    bundle = copy_of("ctc", tmp_path)
    bundle.path("tokens").write_bytes(b"<blk> 0\n\xff 1\n")
    assert "is not UTF-8 text at byte 8" in refusal(bundle)


def test_a_lexicons_symbols_behind_the_tokens_are_no_fault(tmp_path: Path) -> None:
    bundle = copy_of("transducer", tmp_path)
    with bundle.path("tokens").open("a", encoding="utf-8") as file:
        file.write("#0 200\n#1 201\n")
    load_streaming(bundle, RecognizerConfig())


def test_a_ctc_network_of_other_tokens(tmp_path: Path) -> None:
    bundle = copy_of("ctc", tmp_path)
    with bundle.path("tokens").open("a", encoding="utf-8") as file:
        file.write("MORE 200\n")
    wider = Bundle(bundle.folder, changed(bundle.manifest, vocabulary=201))
    assert "has 200 tokens, the manifest says 201" in refusal(wider)
