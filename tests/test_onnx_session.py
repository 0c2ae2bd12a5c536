"""What a run of a network needed stays for the next one, or goes back."""

import ctypes
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

# A whole program of its own: the memory of other tests comes and goes.
RUN = """
import os, sys
from pathlib import Path
import numpy as np
from edge_asr.bench.resident import resident
from edge_asr.heap import share_one_heap
from edge_asr.onnx_session import open_session, run_options
share_one_heap()
session = open_session(Path(sys.argv[1]), 1, any_length=True)
column = np.ones((2500, 1), np.float32)
before = resident(os.getpid()).anon_mib
(sums,) = session.run(None, {"column": column}, run_options(gives_back=sys.argv[2] == "back"))
assert sums.tolist() == [[6250000.0]]
print(resident(os.getpid()).anon_mib - before)
"""


def _every_with_every(path: Path) -> Path:
    """A network whose run needs the square of its input: 24 MiB for 2500 numbers."""
    column = helper.make_tensor_value_info("column", TensorProto.FLOAT, ["n", 1])
    sums = helper.make_tensor_value_info("sums", TensorProto.FLOAT, [1, 1])
    nodes = [
        helper.make_node("Transpose", ["column"], ["row"], perm=[1, 0]),
        helper.make_node("Mul", ["column", "row"], ["square"]),
        helper.make_node("ReduceSum", ["square"], ["sums"], keepdims=1),
    ]
    graph = helper.make_graph(nodes, "square", [column], [sums])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="this C library has no mallopt")
def test_what_a_run_needed_goes_back_when_it_is_asked_to(tmp_path: Path) -> None:
    network = _every_with_every(tmp_path / "network.onnx")
    kept = {
        which: float(
            subprocess.run(
                [sys.executable, "-c", RUN, str(network), which], capture_output=True, text=True, check=True
            ).stdout
        )
        for which in ("kept", "back")
    }
    assert kept["kept"] > 20, kept
    assert kept["back"] < 8, kept
