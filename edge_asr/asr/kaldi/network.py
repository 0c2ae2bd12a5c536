"""The acoustic network, chunk after chunk, on onnxruntime.

What a layer still needs of earlier frames is a state that goes out of one chunk and into the next. So nothing is
computed twice, and (but for the rounding of int8) the result equals the run over the whole utterance.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.manifest import KaldiManifest
from edge_asr.errors import ModelError, RecognitionError
from edge_asr.onnx_session import first_line, open_session

NetworkState = tuple[NDArray[np.float32], ...]  # one array for each `state_` input

_INPUT, _IVECTOR, _OUTPUT = "input", "ivector", "output"
_STATE, _NEXT = "state_", "next_"


class AcousticNetwork:
    """An ONNX session. Immutable; `run` may be called from any thread."""

    def __init__(self, path: Path, threads: int) -> None:
        self._session = open_session(path, threads)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        self._shapes: dict[str, list[int | str | None]] = {node.name: node.shape for node in (*inputs, *outputs)}
        self._states = [node.name for node in inputs if node.name.startswith(_STATE)]
        self._outputs = [_OUTPUT, *(_NEXT + name.removeprefix(_STATE) for name in self._states)]

    def check(self, path: Path, manifest: KaldiManifest) -> None:
        """Refuse a network that is not the manifest's; raises ModelError with both sides."""
        pairs = [(state, _NEXT + state.removeprefix(_STATE)) for state in self._states]
        own = {name for pair in pairs for name in pair}
        found = {name: (shape or [None])[-1] for name, shape in self._shapes.items() if name not in own}
        ceps, factor = manifest.features.ceps, manifest.subsampling_factor
        wanted = {_INPUT: ceps, _IVECTOR: manifest.ivector_dim, _OUTPUT: manifest.pdfs}
        if found != wanted:
            raise ModelError(
                f"{path} is a foreign network: its inputs and outputs are {found}, the manifest says {wanted}"
            )
        for state, following in pairs:
            before, after = self._shapes[state], self._shapes.get(following)
            if before != after or not all(isinstance(size, int) for size in before):
                raise ModelError(f"{path} has the state {state} {before} and then {following} {after}; expected equals")
        # The names may fit and the computing not: two outputs' worth of silence tell.
        silence, nobody = np.zeros((2 * factor, ceps), np.float32), np.zeros((1, manifest.ivector_dim), np.float32)
        try:
            scores, _ = self.run(silence, nobody, self.start())
        except RecognitionError as error:
            raise ModelError(f"{path} does not compute {len(silence)} frames: {error}") from error
        if scores.shape != (2, manifest.pdfs) or not np.isfinite(scores).all():
            raise ModelError(f"{path} makes {scores.shape} of {len(silence)} frames, expected (2, {manifest.pdfs})")

    def start(self) -> NetworkState:
        """State before the first frame. What is computed from it, the first frames of left context, means nothing."""
        return tuple(np.zeros([int(size or 0) for size in self._shapes[name]], np.float32) for name in self._states)

    def run(
        self, frames: NDArray[np.float32], ivector: NDArray[np.float32], state: NetworkState
    ) -> tuple[NDArray[np.float32], NetworkState]:
        """Pseudo log-likelihoods float32 (n, pdfs) of the next `frames` float32 (n * subsampling, ceps), and the state.

        The last output lies `right_context_frames` before the last frame. Raises RecognitionError.
        """
        feeds = {_INPUT: frames, _IVECTOR: ivector, **dict(zip(self._states, state, strict=True))}
        try:
            scores, *following = self._session.run(self._outputs, feeds)
        except Exception as error:
            raise RecognitionError(f"the network failed: {first_line(error)}") from error
        return scores, tuple(following)
