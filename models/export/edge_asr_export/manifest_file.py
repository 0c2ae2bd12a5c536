"""The last file of a bundle that is written: its manifest."""

from pathlib import Path
from typing import Any

import msgspec

from edge_asr.asr.bundle import MANIFEST_FILE, sha256_of
from edge_asr.asr.catalogue import CatalogueEntry
from edge_asr.asr.manifest import FileEntry, Manifest


def published(entry: CatalogueEntry) -> dict[str, Any]:
    """What a manifest says of where its model comes from."""
    return {
        "name": entry.name,
        "language": entry.language,
        "description": entry.description,
        "version": entry.version,
        "licence": entry.licence,
        "source": entry.source,
    }


def file_entry(path: Path) -> FileEntry:
    """Entry of a file that is whole."""
    return FileEntry(path=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)


def write_manifest(bundle: Path, manifest: Manifest) -> None:
    """Write the manifest as JSON that a person can read."""
    (bundle / MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
