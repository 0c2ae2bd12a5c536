"""A zipformer's encoder, run by run: what it remembers goes out of one run and into the next without being copied.

An utterance has two sets of tensors, bound to the network's inputs and outputs once: each run reads one and writes the
other, and they change places. Nothing is allocated, copied or looked up by name while somebody speaks.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.manifest import ZipformerEncoder
from edge_asr.asr.onnx_file import OnnxFile, Tensor, shared
from edge_asr.asr.zipformer.layout import FEATURES, PROCESSED, read_layout, state_shapes, successor
from edge_asr.errors import ModelError
from edge_asr.onnx_session import first_line

States = dict[str, NDArray[Any]]


@dataclass(slots=True)
class Memory:
    """What an encoder remembers of one utterance, with room for the next chunk and its outputs.

    The runtime works in these arrays and does not keep them alive: they live as long as this does.
    """

    frames: NDArray[np.float32]  # (1, chunk_frames, mel_bins): the network reads them here
    outputs: NDArray[np.float32]  # (1, n, width): and writes here
    states: tuple[States, States]
    bindings: tuple[Any, ...]  # two of onnxruntime: one reads what the other writes
    turn: int = 0


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
        self._output = output
        self.outputs_per_run, self.width = self._try()
        self.frames_per_output = sizes.shift_frames // self.outputs_per_run

    def start(self) -> Memory:
        """Memory of an utterance of which nothing was heard yet."""
        frames = np.zeros((1, self._sizes.chunk_frames, self._sizes.mel_bins), np.float32)
        outputs = np.zeros((1, self.outputs_per_run, self.width), np.float32)
        states = self._silence(), self._silence()
        features, encoded = {FEATURES: shared(frames)}, {self._output: shared(outputs)}
        one, other = ({name: shared(array) for name, array in each.items()} for each in states)
        bindings = tuple(
            self._file.bind(features | before, encoded | {successor(name): value for name, value in after.items()})
            for before, after in ((one, other), (other, one))
        )
        return Memory(frames, outputs, states, bindings)

    def run(self, frames: NDArray[np.float32], memory: Memory) -> tuple[NDArray[np.float32], Memory]:
        """Outputs float32 (n, width) of `frames` float32 (chunk_frames, mel_bins), and the memory after them.

        The outputs are good until the next run, and the memory that was given is used up. Raises RecognitionError.
        """
        memory.frames[0] = frames
        self._file.run_bound(memory.bindings[memory.turn])
        memory.turn = 1 - memory.turn
        return memory.outputs[0], memory

    def _silence(self) -> States:
        """All states of an utterance of which nothing was heard yet."""
        return {name: np.zeros(shape, _kind(name)) for name, shape in self._shapes.items()}

    def _try(self) -> tuple[int, int]:
        """Outputs of a run and their width; raises ModelError when the memory does not come out as it went in."""
        path = self._file.path
        silence = np.zeros((1, self._sizes.chunk_frames, self._sizes.mel_bins), np.float32)
        names = [self._output, *map(successor, self._shapes)]
        try:
            encoded, *after = self._file.session.run(names, {FEATURES: silence} | self._silence())
        except Exception as error:
            raise ModelError(f"{path} does not compute a chunk: {first_line(error)}") from error
        for (name, shape), array in zip(self._shapes.items(), after, strict=True):
            if array.shape != shape:
                raise ModelError(f"{path} gives {successor(name)} as {array.shape}, expected {shape}")
        values: NDArray[np.float32] = encoded[0]
        if not len(values) or self._sizes.shift_frames % len(values) or not np.isfinite(values).all():
            raise ModelError(
                f"{path} makes {len(values)} outputs of {self._sizes.shift_frames} frames, "
                "expected finite numbers, and a whole number of frames for each"
            )
        return values.shape


def _kind(name: str) -> str:
    return "int64" if name == PROCESSED else "float32"
