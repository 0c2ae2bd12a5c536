"""A new bundle is tried before it is put in place: does what was written load, and compute what it should."""

from typing import Any

import kaldifst
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.kaldi.network import AcousticNetwork
from edge_asr.asr.manifest import KaldiManifest
from edge_asr.errors import ModelError

_OUTPUTS = 40
_CHUNK_OUTPUTS = 7
_SCALE = 10.0  # about the spread of MFCC on int16 scale
_LARGEST_DIFFERENCE = 1e-3  # of float32 log-likelihoods, which reach some tens
_LEAST_CORRELATION = 0.97  # int8 beside float32


def check_built(bundle: Bundle[KaldiManifest]) -> None:
    """Load networks and graph; ModelError says what is not as the manifest says.

    Random frames go through the float network whole and in chunks with overlap: the outputs must be equal. The int8
    network, which takes them chunk by chunk, rounds by each chunk's largest value: it is held to the float one by
    correlation instead.
    """
    manifest = bundle.manifest
    rng = np.random.default_rng(0)
    frames = manifest.subsampling_factor * (_OUTPUTS - 1) + 1
    frames += manifest.left_context_frames + manifest.right_context_frames
    audio = (rng.standard_normal((frames, manifest.features.ceps)) * _SCALE).astype(np.float32)
    voice = rng.standard_normal((1, manifest.ivector_dim)).astype(np.float32)
    exact = _session(bundle)
    whole = _run(exact, audio, voice)
    if whole.shape != (_OUTPUTS, manifest.pdfs):
        name = bundle.path("network_float").name
        raise ModelError(f"{name} gives {whole.shape}, expected {(_OUTPUTS, manifest.pdfs)}")
    difference = float(np.abs(_in_chunks(exact, audio, voice, manifest) - whole).max())
    if not difference <= _LARGEST_DIFFERENCE:
        raise ModelError(f"the network gives other numbers in chunks: they differ by {difference:g}")
    network = AcousticNetwork(bundle.path("network"), threads=1)
    network.check(bundle.path("network"), manifest)
    quantized = _streamed(network, audio, voice, manifest)
    correlation = float(np.corrcoef(whole.ravel(), quantized.ravel())[0, 1])
    if not correlation >= _LEAST_CORRELATION:
        raise ModelError(f"the int8 network has lost its way: correlation {correlation:.3f} with the float one")
    if kaldifst.StdConstFst.read(str(bundle.path("graph"))) is None:
        raise ModelError(f"{bundle.path('graph').name} is not a graph that can be read")


def _session(bundle: Bundle[KaldiManifest]) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(bundle.path("network_float")), options, providers=["CPUExecutionProvider"])


def _run(session: Any, frames: NDArray[np.float32], voice: NDArray[np.float32]) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = session.run(["output"], {"input": frames, "ivector": voice})[0]
    return scores


def _in_chunks(
    session: Any, frames: NDArray[np.float32], voice: NDArray[np.float32], manifest: KaldiManifest
) -> NDArray[np.float32]:
    context = manifest.left_context_frames + manifest.right_context_frames
    pieces = []
    for first in range(0, _OUTPUTS, _CHUNK_OUTPUTS):
        count = min(_CHUNK_OUTPUTS, _OUTPUTS - first)
        begin = first * manifest.subsampling_factor
        end = begin + (count - 1) * manifest.subsampling_factor + 1 + context
        pieces.append(_run(session, frames[begin:end], voice))
    return np.concatenate(pieces)


def _streamed(
    network: AcousticNetwork, frames: NDArray[np.float32], voice: NDArray[np.float32], manifest: KaldiManifest
) -> NDArray[np.float32]:
    """The outputs of the whole run, from chunks; the first frame is repeated until the frames are whole chunks."""
    rows = _CHUNK_OUTPUTS * manifest.subsampling_factor
    audio = np.concatenate([np.repeat(frames[:1], -len(frames) % rows, axis=0), frames])
    state, pieces = network.start(), []
    for begin in range(0, len(audio), rows):
        scores, state = network.run(audio[begin : begin + rows], voice, state)
        pieces.append(scores)
    return np.concatenate(pieces)[-_OUTPUTS:]
