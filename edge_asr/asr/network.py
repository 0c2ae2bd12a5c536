"""The acoustic network: fixed chunks of frames with overlap, on onnxruntime.

A network of valid convolutions needs `left` frames before and `right` after each frame; the overlap is computed
again with each chunk, and the result equals the run over the whole utterance.
"""

from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from edge_asr.asr.manifest import KaldiManifest
from edge_asr.errors import ModelError, RecognitionError

_INPUT, _IVECTOR, _OUTPUT = "input", "ivector", "output"


class AcousticNetwork:
    """An ONNX session. Immutable; `run` may be called from any thread."""

    def __init__(self, path: Path, threads: int) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelError(f"{path} is not a network that onnxruntime can load: {_first_line(error)}") from error

    def shapes(self) -> dict[str, list[int | str | None]]:
        """Shape of each input and output by name; a str or None stands for a free dimension."""
        return {node.name: node.shape for node in (*self._session.get_inputs(), *self._session.get_outputs())}

    def check(self, path: Path, manifest: KaldiManifest) -> None:
        """Refuse a network that is not the manifest's; raises ModelError with both sides."""
        shapes = self.shapes()
        found = {name: (shape[-1] if shape else None) for name, shape in shapes.items()}
        ceps = manifest.features.ceps
        wanted = {_INPUT: ceps, _IVECTOR: manifest.ivector_dim, _OUTPUT: manifest.pdfs}
        if found != wanted:
            raise ModelError(
                f"{path} is a foreign network: its inputs and outputs are {found}, the manifest says {wanted}"
            )
        # The names may fit and the context not: two outputs' worth of silence tell.
        frames = manifest.left_context_frames + manifest.subsampling_factor + 1 + manifest.right_context_frames
        silence, nobody = np.zeros((frames, ceps), np.float32), np.zeros((1, manifest.ivector_dim), np.float32)
        try:
            scores = self.run(silence, nobody)
        except RecognitionError as error:
            raise ModelError(f"{path} does not compute {frames} frames: {error}") from error
        if scores.shape != (2, manifest.pdfs) or not np.isfinite(scores).all():
            raise ModelError(f"{path} makes {scores.shape} of {frames} frames, expected (2, {manifest.pdfs})")

    def run(self, frames: NDArray[np.float32], ivector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Pseudo log-likelihoods float32 (n, pdfs) of `frames` float32 (left + subsampling*(n-1)+1 + right, ceps).

        Raises RecognitionError.
        """
        try:
            scores: NDArray[np.float32] = self._session.run([_OUTPUT], {_INPUT: frames, _IVECTOR: ivector})[0]
        except Exception as error:
            raise RecognitionError(f"the network failed: {_first_line(error)}") from error
        return scores


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
