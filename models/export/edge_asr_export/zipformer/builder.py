"""An ONNX graph, node by node, with weights drawn from a seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

OPSET, _IR_VERSION = 13, 8
Shape = Sequence[int | str]
_ALREADY_PREPARED = ("onnx.quant.pre_process", "onnxruntime.quant")  # without it every run logs a warning


class Builder:
    """Names are handed around; a method adds nodes and returns the name of what comes out."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def take(self, name: str, shape: Shape, kind: int = TensorProto.FLOAT) -> str:
        """An input of the network."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def give(self, value: str, name: str, shape: Shape, kind: int = TensorProto.FLOAT) -> None:
        """An output of the network."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def constant(self, values: NDArray[Any]) -> str:
        """A fixed tensor."""
        name = f"w{len(self._weights)}"
        self._weights[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def draw(self, *shape: int, spread: float = 1.0) -> NDArray[np.float32]:
        """Normal numbers, float32 of `shape`."""
        drawn: NDArray[np.float32] = (self._rng.standard_normal(shape) * spread).astype(np.float32)
        return drawn

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """One node with one output."""
        name = f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def number(self, kind: str, value: str, number: float) -> str:
        """`value` and a number, by an operator for two."""
        return self.node(kind, value, self.constant(np.array(number, np.float32)))

    def linear(self, value: str, width: int, out: int) -> str:
        """A dense layer over the last axis, of a spread that keeps the values' size."""
        weights = self.constant(self.draw(width, out, spread=width**-0.5))
        return self.node("Add", self.node("MatMul", value, weights), self.constant(self.draw(out, spread=0.1)))

    def reshape(self, value: str, *shape: int) -> str:
        """As numpy's, with -1 for what is left."""
        return self.node("Reshape", value, self.constant(np.array(shape, np.int64)))

    def part(self, value: str, axis: int, begin: int, end: int = np.iinfo(np.int64).max) -> str:
        """Slice [begin, end) of an axis."""
        bounds = [self.constant(np.array([bound], np.int64)) for bound in (begin, end, axis)]
        return self.node("Slice", value, *bounds)

    def swoosh(self, value: str, offset: float, shift: float) -> str:
        """Zipformer's activation: log(1 + exp(x - offset)) - 0.08 x - shift."""
        rising = self.node("Softplus", self.number("Sub", value, offset))
        return self.number("Sub", self.node("Sub", rising, self.number("Mul", value, 0.08)), shift)

    def swoosh_l(self, value: str) -> str:
        """The activation of feed-forward parts."""
        return self.swoosh(value, 4.0, 0.035)

    def swoosh_r(self, value: str) -> str:
        """The activation of convolutions."""
        return self.swoosh(value, 1.0, 0.313261687)

    def model(self, metadata: Mapping[str, str]) -> onnx.ModelProto:
        """The whole graph, checked."""
        weights = list(self._weights.values())
        graph = helper.make_graph(self._nodes, "zipformer", self._inputs, self._outputs, weights)
        opset = [helper.make_opsetid("", OPSET)]
        made = helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION, producer_name="edge_asr")
        helper.set_model_props(made, dict(metadata))
        onnx.checker.check_model(made)
        return made


def write(model: onnx.ModelProto, path: Path, *, quantized: bool) -> None:
    """Write a network; `quantized` with its dense layers' weights in int8, as published ones have them."""
    if not quantized:
        onnx.save(model, path)
        return
    prepared = onnx.ModelProto()
    prepared.CopyFrom(model)
    mark = prepared.metadata_props.add()
    mark.key, mark.value = _ALREADY_PREPARED
    quantize_dynamic(prepared, path, op_types_to_quantize=["MatMul"], weight_type=QuantType.QInt8)
    small = onnx.load(path)
    helper.set_model_props(small, {prop.key: prop.value for prop in model.metadata_props})  # quantization drops them
    onnx.save(small, path)
