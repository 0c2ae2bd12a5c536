"""One ONNX file on onnxruntime: opened, asked what it is, held to what it should be."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from edge_asr.errors import ModelError, RecognitionError
from edge_asr.onnx_session import first_line, open_session

_KINDS = {"tensor(float)": "float32", "tensor(int64)": "int64", "tensor(int32)": "int32"}
Tensor = tuple[str, tuple[int | None, ...]]  # type and shape; None stands for a free length


class OnnxFile:
    """A session of one network. Immutable; may be run from any thread."""

    def __init__(self, path: Path, threads: int) -> None:
        """Load the network; raises ModelError."""
        self.session = open_session(path, threads)
        self.path = path
        self.inputs: dict[str, Tensor] = {node.name: _tensor(node) for node in self.session.get_inputs()}
        self.outputs: dict[str, Tensor] = {node.name: _tensor(node) for node in self.session.get_outputs()}
        self.metadata: dict[str, str] = self.session.get_modelmeta().custom_metadata_map

    def expect(self, inputs: Mapping[str, Tensor], outputs: Mapping[str, Tensor]) -> None:
        """Refuse another network; raises ModelError with the first thing that differs.

        A length that the file leaves free, or that is expected as None, fits any other.
        """
        for side, found, wanted in (("input", self.inputs, inputs), ("output", self.outputs, outputs)):
            for name, tensor in wanted.items():
                if name not in found:
                    raise ModelError(f"{self.path} is a foreign network: it has no {side} {name!r}")
                if not _fits(found[name], tensor):
                    raise ModelError(
                        f"{self.path} is a foreign network: its {side} {name!r} is {_said(found[name])}, "
                        f"expected {_said(tensor)}"
                    )
        if unknown := [name for name in self.inputs if name not in inputs]:
            raise ModelError(f"{self.path} is a foreign network: it has an input {unknown[0]!r} that is not known")

    def run(self, output: str, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """One output; raises RecognitionError."""
        try:
            result: NDArray[np.float32] = self.session.run([output], inputs)[0]
        except Exception as error:
            raise RecognitionError(f"{self.path.name} failed: {first_line(error)}") from error
        return result

    def bind(self, reads: Mapping[str, Any], writes: Mapping[str, Any]) -> Any:
        """Values of `shared` that a run reads and writes, by name: looked up once, for many runs of `run_bound`."""
        binding = self.session.io_binding()
        for name, value in reads.items():
            binding.bind_ortvalue_input(name, value)
        for name, value in writes.items():
            binding.bind_ortvalue_output(name, value)
        return binding

    def run_bound(self, binding: Any) -> None:
        """Read and write what is bound; nothing is allocated or copied for it. Raises RecognitionError."""
        try:
            self.session.run_with_iobinding(binding)
        except Exception as error:
            raise RecognitionError(f"{self.path.name} failed: {first_line(error)}") from error


def shared(array: NDArray[Any]) -> Any:
    """An array as the runtime takes it: it works in the array itself, and does not keep it alive."""
    return ort.OrtValue.ortvalue_from_numpy(array)


def _tensor(node: Any) -> Tensor:
    return _KINDS.get(node.type, node.type), tuple(axis if isinstance(axis, int) else None for axis in node.shape)


def _fits(found: Tensor, wanted: Tensor) -> bool:
    kind, shape = found
    return (
        kind == wanted[0]
        and len(shape) == len(wanted[1])
        and all(None in {one, other} or one == other for one, other in zip(shape, wanted[1], strict=True))
    )


def _said(tensor: Tensor) -> str:
    kind, shape = tensor
    return f"{kind} ({', '.join('any' if axis is None else str(axis) for axis in shape)})"
