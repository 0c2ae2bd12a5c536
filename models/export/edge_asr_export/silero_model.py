"""The published Silero network to a bundle: the file as it is, and its manifest."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edge_asr.asr.catalogue import CatalogueEntry
from edge_asr.asr.manifest import SileroManifest
from edge_asr.audio.silero import SileroVad
from edge_asr.errors import ModelError, RecognitionError
from edge_asr_export.manifest_file import file_entry, published, write_manifest
from edge_asr_export.progress import Progress

NETWORKS, CHECK = "networks", "check"
_SAMPLE_RATE_HZ = 16000
_WINDOW_SAMPLES = 512  # the file tells only the sum of both
_CONTEXT_SAMPLES = 64
_SILENCE_S = 2.0
_EVEN = 0.5


class SileroBuilder:
    """Builder of this family; see `builder.Builder`."""

    weights: Mapping[str, float] = {NETWORKS: 1.0, CHECK: 1.0}

    def __init__(self, members: Sequence[str]) -> None:
        self.members = members

    def check(self) -> None:
        """Nothing is needed beside what the program itself needs."""

    def build(self, entry: CatalogueEntry, source: Path, bundle: Path, _work: Path, progress: Progress) -> None:
        """Copy the network, write the manifest, try it. Raises ModelError."""
        progress.start(NETWORKS)
        [member] = self.members
        network = bundle / member
        shutil.copyfile(source / member, network)
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
