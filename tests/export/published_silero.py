"""A network built as the published Silero is, with convolutions over time, at a few units of width."""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROW, LATER, LENGTH, BINS, WIDTH = 576, 64, 256, 5, 12
_WIDTHS = (BINS, 8, 6, 10, WIDTH)
_STRIDES = (1, 2, 2, 1)


def network(bias: float = -3.0, table: str = "stft.forward_basis_buffer", length: int = LENGTH) -> bytes:
    """Its weights are of chance; `bias` is its output's, `table` the name of the Fourier transform's."""
    random = np.random.default_rng(3)
    weights: dict[str, Any] = {
        table: 0.1 * random.standard_normal((2 * BINS, 1, length)),
        "output.weight": 3.0 * random.standard_normal((1, WIDTH, 1)),
        "output.bias": np.array([bias]),
        "lstm_w": 0.3 * random.standard_normal((1, 4 * WIDTH, WIDTH)),
        "lstm_r": 0.3 * random.standard_normal((1, 4 * WIDTH, WIDTH)),
        "lstm_b": random.standard_normal((1, 8 * WIDTH)),
    }
    nodes = [
        helper.make_node("Pad", ["input", "mirrored"], ["longer"], mode="reflect"),
        helper.make_node("Unsqueeze", ["longer", "axis_1"], ["wave"]),
        helper.make_node("Conv", ["wave", table], ["spectrum"], strides=[length // 2]),
        helper.make_node("Split", ["spectrum", "halves"], ["real", "imaginary"], axis=1),
        helper.make_node("Mul", ["real", "real"], ["real2"]),
        helper.make_node("Mul", ["imaginary", "imaginary"], ["imaginary2"]),
        helper.make_node("Add", ["real2", "imaginary2"], ["power"]),
        helper.make_node("Sqrt", ["power"], ["layer0"]),
    ]
    for number, stride in enumerate(_STRIDES):
        name = f"encoder.{number}"
        weights[f"{name}.weight"] = 0.3 * random.standard_normal((_WIDTHS[number + 1], _WIDTHS[number], 3))
        weights[f"{name}.bias"] = random.standard_normal(_WIDTHS[number + 1])
        inputs = [f"layer{number}", f"{name}.weight", f"{name}.bias"]
        nodes += [
            helper.make_node("Conv", inputs, [f"sum{number}"], pads=[1, 1], strides=[stride]),
            helper.make_node("Relu", [f"sum{number}"], [f"layer{number + 1}"]),
        ]
    nodes += [
        helper.make_node("Transpose", [f"layer{len(_STRIDES)}"], ["rows"], perm=[0, 2, 1]),
        helper.make_node(
            "LSTM", ["rows", "lstm_w", "lstm_r", "lstm_b", "", "h", "c"], ["each", "hn", "cn"], hidden_size=WIDTH
        ),
        helper.make_node("Squeeze", ["each", "axis_1"], ["kept"]),
        helper.make_node("Relu", ["kept"], ["positive"]),
        helper.make_node("Transpose", ["positive"], ["columns"], perm=[1, 2, 0]),
        helper.make_node("Conv", ["columns", "output.weight", "output.bias"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
        helper.make_node("Reshape", ["probability", "flat"], ["speech_probs"]),
    ]
    whole = {"mirrored": [0, 0, 0, LATER], "axis_1": [1], "halves": [BINS, BINS], "flat": [-1]}
    state: list[int | str] = [1, 1, WIDTH]
    shapes: dict[str, list[int | str]] = {"input": ["n", ROW], "h": state, "c": state}
    outputs: dict[str, list[int | str]] = {"speech_probs": ["n"], "hn": state, "cn": state}
    graph = helper.make_graph(
        nodes,
        "published",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [
            *(numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()),
            *(numpy_helper.from_array(np.array(value, np.int64), name) for name, value in whole.items()),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data
