"""The published Silero network to a bundle: written anew, proven to say the same, and its manifest."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from edge_asr.asr.catalogue import CatalogueEntry
from edge_asr.asr.manifest import SileroManifest
from edge_asr.audio.silero import SileroVad
from edge_asr.errors import ModelError, RecognitionError
from edge_asr.onnx_session import open_session
from edge_asr_export.manifest_file import file_entry, published, write_manifest
from edge_asr_export.progress import Progress
from edge_asr_export.silero_graph import rewritten

NETWORKS, CHECK = "networks", "check"
_NAME = "silero_vad.onnx"
_SAMPLE_RATE_HZ = 16000
_WINDOW_SAMPLES = 512  # the file tells only the sum of both
_CONTEXT_SAMPLES = 64
_SILENCE_S = 2.0
_EVEN = 0.5
_ROWS, _SEED = 64, 0  # of noise, by which both networks are compared
_ALIKE = 1e-4  # the most by which their probabilities and memories may differ


class SileroBuilder:
    """Builder of this family; see `builder.Builder`."""

    weights: Mapping[str, float] = {NETWORKS: 1.0, CHECK: 1.0}

    def __init__(self, members: Sequence[str]) -> None:
        self.members = members

    def check(self) -> None:
        """Nothing is needed beside packages, which are there when this file could be imported."""

    def build(self, entry: CatalogueEntry, source: Path, bundle: Path, _work: Path, progress: Progress) -> None:
        """Write the network anew, write the manifest, try it. Raises ModelError."""
        progress.start(NETWORKS)
        [member] = self.members
        network = bundle / _NAME
        _write(source / member, network)
        manifest = SileroManifest(
            format=1,
            **published(entry),
            sample_rate_hz=_SAMPLE_RATE_HZ,
            window_samples=_WINDOW_SAMPLES,
            context_samples=_CONTEXT_SAMPLES,
            files={"network": file_entry(network)},
        )
        write_manifest(bundle, manifest)
        progress.start(CHECK)
        _check(network)
        _compare(source / member, network)


def _check(network: Path) -> None:
    """It runs, and silence is no voice to it. Raises ModelError."""
    vad = SileroVad(network, _WINDOW_SAMPLES, _CONTEXT_SAMPLES, _SAMPLE_RATE_HZ, _EVEN, 0.0)
    vad.hear(np.zeros(round(_SILENCE_S * _SAMPLE_RATE_HZ), np.int16))
    try:
        voiced = vad.agrees()
    except RecognitionError as error:
        raise ModelError(f"the voice detector does not run: {error}") from error
    if voiced:
        raise ModelError(f"{network.name} takes silence for a voice")


def _write(published: Path, network: Path) -> None:
    """Raises ModelError."""
    open_session(published, threads=1)  # says what is wrong with it
    onnx.save(rewritten(onnx.load(published), _WINDOW_SAMPLES + _CONTEXT_SAMPLES), network)


def _compare(published: Path, network: Path) -> None:
    """What is written anew says what the published one says, of noises from faint to loud. Raises ModelError."""
    random = np.random.default_rng(_SEED)
    loudness = np.geomspace(1e-4, 0.5, _ROWS)[:, None]
    rows = (loudness * random.standard_normal((_ROWS, _WINDOW_SAMPLES + _CONTEXT_SAMPLES))).astype(np.float32)
    one, other = (_outputs(path, rows) for path in (published, network))
    apart = float(np.max([np.abs(left - right).max() for left, right in zip(one, other, strict=True)]))  # or NaN
    if not apart < _ALIKE:
        raise ModelError(f"the voice detector written anew is {apart:.2g} off the published one, at most {_ALIKE:g} is")


def _outputs(path: Path, rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    session = open_session(path, threads=1)
    width = next(node.shape[-1] for node in session.get_inputs() if node.name == "h")
    memory = np.full((1, 1, width), 0.1, np.float32)
    outputs: list[NDArray[np.float32]] = session.run(
        ["speech_probs", "hn", "cn"], {"input": rows, "h": memory, "c": memory}
    )
    return outputs
