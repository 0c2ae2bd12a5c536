"""A network with Silero's inputs and outputs: its probability is 1 where the sum of its memory and the window is loud.

The memory leaks: a twentieth of the last loudness stays in it.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

WINDOW, CONTEXT, WIDTH = 512, 64, 4


def network(row: int = WINDOW + CONTEXT, level: float = 0.02, memory: str = "h") -> bytes:
    """Loudness is the mean of |x| over all rows; `memory` names the input that should be h."""
    nodes = [
        helper.make_node("Abs", ["input"], ["abs"]),
        helper.make_node("ReduceMean", ["abs"], ["each"], axes=[1], keepdims=0),
        helper.make_node("ReduceMean", [memory], ["before"], keepdims=0),
        helper.make_node("Add", ["each", "before"], ["loud"]),
        helper.make_node("Sub", ["loud", "level"], ["above"]),
        helper.make_node("Mul", ["above", "steep"], ["steeper"]),
        helper.make_node("Sigmoid", ["steeper"], ["speech_probs"]),
        helper.make_node("ReduceMean", ["each"], ["all"], keepdims=0),
        helper.make_node("Mul", ["all", "share"], ["kept"]),
        helper.make_node("Add", ["c", "kept"], ["cn"]),
        helper.make_node("Mul", ["h", "zero"] if memory == "h" else [memory, "zero"], ["none"]),
        helper.make_node("Add", ["none", "kept"], ["hn"]),
    ]
    state: list[int | str] = [1, 1, WIDTH]
    shapes: dict[str, list[int | str]] = {"input": ["n", row], memory: state, "c": state}
    outputs: dict[str, list[int | str]] = {"speech_probs": ["n"], "hn": state, "cn": state}
    numbers = {"level": level, "steep": 500.0, "share": 0.05, "zero": 0.0}
    graph = helper.make_graph(
        nodes,
        "silero",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [onnx.numpy_helper.from_array(np.array(value, np.float32), name) for name, value in numbers.items()],
    )
    data: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    ).SerializeToString()
    return data


def write(models: Path, **changed: Any) -> Path:
    """A bundle `silero-vad` in the folder `models`."""
    folder, data = models / "silero-vad", network()
    folder.mkdir(parents=True)
    (folder / "vad.onnx").write_bytes(data)
    manifest = {
        "format": 1,
        "kind": "silero-vad",
        "name": "silero-vad",
        "language": "mul",
        "description": "tiny",
        "version": "1",
        "licence": "MIT",
        "source": "tiny==1 inner",
        "sample_rate_hz": 16000,
        "window_samples": WINDOW,
        "context_samples": CONTEXT,
        "files": {"network": {"path": "vad.onnx", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | changed))
    return folder
