"""A zipformer's encoder, run by run: what it remembers goes out of one run and into the next without being copied."""

from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from edge_asr.asr.manifest import ZipformerEncoder
from edge_asr.asr.onnx_file import OnnxFile, Tensor, first_line
from edge_asr.asr.zipformer_layout import FEATURES, PROCESSED, read_layout, state_shapes, successor
from edge_asr.errors import ModelError, RecognitionError

Memory = dict[str, Any]  # a tensor of onnxruntime for each state's name


class StreamingEncoder:
    """Immutable; what changes is the memory that it makes, takes and returns."""

    def __init__(self, file: OnnxFile, sizes: ZipformerEncoder, output: str) -> None:
        """Hold the network to its sizes, and try it on a chunk of silence; raises ModelError."""
        self._file = file
        self._sizes = sizes
        try:
            found = read_layout(file.metadata, sizes.mel_bins)
        except ModelError as error:
            raise ModelError(f"{file.path} is a foreign network: {error}") from error
        if found != sizes:
            raise ModelError(f"{file.path} is a foreign network: its metadata says {found}, the manifest {sizes}")
        self._shapes = state_shapes(sizes)
        states: dict[str, Tensor] = {name: (_kind(name), shape) for name, shape in self._shapes.items()}
        features: Tensor = ("float32", (1, sizes.chunk_frames, sizes.mel_bins))
        after: dict[str, Tensor] = {successor(name): tensor for name, tensor in states.items()}
        file.expect({FEATURES: features} | states, {output: ("float32", (1, None, None))} | after)
        self._outputs = [output, *after]
        self.outputs_per_run, self.width = self._try()
        self.frames_per_output = sizes.shift_frames // self.outputs_per_run

    def start(self) -> Memory:
        """Memory of an utterance of which nothing was heard yet."""
        return {
            name: ort.OrtValue.ortvalue_from_numpy(np.zeros(shape, _kind(name))) for name, shape in self._shapes.items()
        }

    def run(self, frames: NDArray[np.float32], memory: Memory) -> tuple[NDArray[np.float32], Memory]:
        """Outputs float32 (n, width) of `frames` float32 (chunk_frames, mel_bins), and the memory after them.

        The memory that was given may be used again: nothing is changed in it. Raises RecognitionError.
        """
        inputs = {FEATURES: ort.OrtValue.ortvalue_from_numpy(frames[None]), **memory}
        try:
            encoded, *after = self._file.session.run_with_ort_values(self._outputs, inputs)
        except Exception as error:
            raise RecognitionError(f"{self._file.path.name} failed: {first_line(error)}") from error
        values: NDArray[np.float32] = encoded.numpy()[0]
        return values, dict(zip(self._shapes, after, strict=True))

    def _try(self) -> tuple[int, int]:
        """Outputs of a run and their width; raises ModelError when the memory does not come out as it went in."""
        silence = np.zeros((self._sizes.chunk_frames, self._sizes.mel_bins), np.float32)
        try:
            values, memory = self.run(silence, self.start())
        except RecognitionError as error:
            raise ModelError(f"{self._file.path} does not compute a chunk: {error}") from error
        for name, shape in self._shapes.items():
            if tuple(memory[name].shape()) != shape:
                found = tuple(memory[name].shape())
                raise ModelError(f"{self._file.path} gives {successor(name)} as {found}, expected {shape}")
        if not len(values) or self._sizes.shift_frames % len(values) or not np.isfinite(values).all():
            raise ModelError(
                f"{self._file.path} makes {len(values)} outputs of {self._sizes.shift_frames} frames, "
                "expected finite numbers, and a whole number of frames for each"
            )
        return values.shape


def _kind(name: str) -> str:
    return "int64" if name == PROCESSED else "float32"
