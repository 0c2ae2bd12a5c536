"""ONNX files that are valid and none of ours."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def another_models_network() -> bytes:
    """One input `x`, one output `y`: what somebody may have copied from elsewhere."""
    return _model(
        [helper.make_node("Relu", ["x"], ["y"])],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 80])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 80])],
        [],
    )


def network_of_another_context(ceps: int, ivector_dim: int, pdfs: int) -> bytes:
    """Names and widths are ours, but each frame in gives one row out: no context, no subsampling."""
    weights = numpy_helper.from_array(np.zeros((ceps, pdfs), np.float32), "weights")
    return _model(
        [
            helper.make_node("MatMul", ["input", "weights"], ["plain"]),
            helper.make_node("ReduceSum", ["ivector"], ["voice"], keepdims=0),
            helper.make_node("Add", ["plain", "voice"], ["output"]),
        ],
        [
            helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", ceps]),
            helper.make_tensor_value_info("ivector", TensorProto.FLOAT, [1, ivector_dim]),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["n", pdfs])],
        [weights],
    )


def _model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: list[onnx.TensorProto],
) -> bytes:
    graph = helper.make_graph(nodes, "foreign", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
