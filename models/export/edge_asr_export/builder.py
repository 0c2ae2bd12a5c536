"""Who builds the bundle of a catalogue entry: one builder for each family."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from edge_asr.asr.catalogue import CatalogueEntry
from edge_asr_export.progress import Progress

COUNTS_FOLDER = "counts"  # of `source`: an entry's `counts`


class Builder(Protocol):
    """Turns published files into a bundle."""

    @property
    def weights(self) -> Mapping[str, float]:
        """Its steps, and how long each takes."""
        ...

    @property
    def members(self) -> Sequence[str]:
        """The published files that it needs."""
        ...

    def check(self) -> None:
        """Raise ModelError with the fix when this machine lacks what building needs."""
        ...

    def build(self, entry: CatalogueEntry, source: Path, bundle: Path, work: Path, progress: Progress) -> None:
        """Fill the empty folder `bundle` from `source`, and try it. Raises ModelError."""
        ...


def builder_of(entry: CatalogueEntry) -> Builder:
    """Builder of an entry. ModuleNotFoundError when a package is missing that this family needs."""
    if entry.family == "moonshine":
        from edge_asr_export.moonshine_model import MoonshineBuilder  # noqa: PLC0415 - each family needs its own

        return MoonshineBuilder(entry.members)
    if entry.family == "silero":
        from edge_asr_export.silero_model import SileroBuilder  # noqa: PLC0415

        return SileroBuilder(entry.members)
    from edge_asr_export.kaldi_model import KaldiBuilder  # noqa: PLC0415

    return KaldiBuilder()
