"""A bundle of the Moonshine family that writes what its table says: each token names the one after it.

The memory of the decoder is as wide as published ones are named, and holds the tokens so far.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from edge_asr.asr.bundle import Bundle, load_bundle, of_family
from edge_asr.asr.manifest import MoonshineManifest
from edge_asr.asr.moonshine.pieces import pack_pieces

WIDTH, HEADS, HEAD_WIDTH = 4, 2, 3
START, END = 1, 2
PIECES = [b"<unk>", b"<s>", b"</s>", b"\xe2\x96\x81Hel", b"lo", b"\xe2\x96\x81W\xc3", b"\xb6", b"rld."]
VOCABULARY = len(PIECES) + 2  # the last have no text
HELLO = {START: 3, 3: 4, 4: 5, 5: 6, 6: 7, 7: END}


def _value(name: str, kind: int, shape: list[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _constant(name: str, value: Any) -> onnx.TensorProto:
    return onnx.numpy_helper.from_array(np.asarray(value), name)


def encoder() -> bytes:
    """One frame of zeros for 400 samples, after the mask that it must be given."""
    nodes = [
        helper.make_node("Unsqueeze", ["input_values", "two"], ["row"]),
        helper.make_node("Transpose", ["row"], ["column"], perm=[0, 2, 1]),
        helper.make_node("AveragePool", ["column"], ["pooled"], kernel_shape=[400], strides=[400]),
        helper.make_node("Transpose", ["pooled"], ["frames"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["frames", "weights"], ["last_hidden_state"]),
    ]
    graph = helper.make_graph(
        nodes,
        "encoder",
        [_value("input_values", TensorProto.FLOAT, ["b", "n"])],
        [_value("last_hidden_state", TensorProto.FLOAT, ["b", "f", WIDTH])],
        [_constant("two", np.array([2])), _constant("weights", np.zeros((1, WIDTH), np.float32))],
    )
    return _model(graph)


def decoder(
    follows: Mapping[int, int] = HELLO,
    width: int = WIDTH,
    head_width: int = HEAD_WIDTH,
    vocabulary: int = VOCABULARY,
    rows: int | str = "b",
    logits: Mapping[tuple[int, int], float] | None = None,
) -> bytes:
    """Logits are a row of a table for each token; the memory grows by one for each. rows: texts at a time."""
    table = np.zeros((vocabulary, vocabulary), np.float32)
    for place, logit in (dict.fromkeys(follows.items(), 5.0) | dict(logits or {})).items():
        table[place] = logit
    memory: list[int | str] = ["b", HEADS, "t", head_width]
    inputs = [
        _value("input_ids", TensorProto.INT64, [rows, "s"]),
        _value("encoder_hidden_states", TensorProto.FLOAT, ["b", "f", width]),
        _value("use_cache_branch", TensorProto.BOOL, [1]),
    ]
    outputs = [_value("logits", TensorProto.FLOAT, ["b", "s", vocabulary])]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["logits"]),
        helper.make_node("Cast", ["input_ids"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["floats", "axes"], ["cells"]),
        helper.make_node("Expand", ["cells", "shape"], ["news"]),
    ]
    for side in ("decoder", "encoder"):
        for part in ("key", "value"):
            name = f"0.{side}.{part}"
            inputs.append(_value(f"past_key_values.{name}", TensorProto.FLOAT, memory))
            outputs.append(_value(f"present.{name}", TensorProto.FLOAT, ["b", HEADS, "u", head_width]))
            grown = [f"past_key_values.{name}", "news"] if side == "decoder" else [f"past_key_values.{name}"]
            nodes.append(helper.make_node("Concat", grown, [f"present.{name}"], axis=2))
    constants = [
        _constant("table", table),
        _constant("axes", np.array([1, 3])),
        _constant("shape", np.array([1, HEADS, 1, head_width])),
    ]
    return _model(helper.make_graph(nodes, "decoder", inputs, outputs, constants))


def _model(graph: onnx.GraphProto) -> bytes:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    data: bytes = model.SerializeToString()
    return data


def content(follows: Mapping[int, int] = HELLO) -> dict[str, bytes]:
    """The files of a bundle by their roles."""
    return {"encoder": encoder(), "decoder": decoder(follows), "tokenizer": pack_pieces(PIECES)}


def plain(files: Mapping[str, bytes], name: str = "tiny") -> dict[str, Any]:
    """Its manifest as JSON."""
    return {
        "format": 1,
        "kind": "moonshine",
        "name": name,
        "language": "en",
        "description": "tiny",
        "version": "1",
        "licence": "MIT",
        "source": "tiny==1 inner",
        "sample_rate_hz": 16000,
        "vocabulary": VOCABULARY,
        "width": WIDTH,
        "layers": 1,
        "heads": HEADS,
        "head_width": HEAD_WIDTH,
        "start_token": START,
        "end_token": END,
        "tokens_per_s": 6.5,
        "fewest_samples": 2000,
        "longest_s": 64.0,
        "files": {
            role: {"path": f"{role}.bin", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for role, data in files.items()
        },
    }


def write(models: Path, files: Mapping[str, bytes], name: str = "tiny", **changed: Any) -> Path:
    """A bundle in the folder `models`."""
    folder = models / name
    folder.mkdir(parents=True)
    for role, data in files.items():
        (folder / f"{role}.bin").write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps(plain(files, name) | changed))
    return folder


def bundle(
    models: Path,
    follows: Mapping[int, int] = HELLO,
    rows: int | str = "b",
    logits: Mapping[tuple[int, int], float] | None = None,
    **changed: Any,
) -> Bundle[MoonshineManifest]:
    """The same, opened."""
    write(models, {**content(follows), "decoder": decoder(follows, rows=rows, logits=logits)}, **changed)
    return of_family(load_bundle(models, "tiny"), MoonshineManifest)
