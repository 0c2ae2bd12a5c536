"""Files of a published model, as they were before a bundle was made of them, in a folder for as long as needed."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge_asr.asr.catalogue import CatalogueEntry
from edge_asr_export.archive import cached_path, fetch_archive, unpack
from edge_asr_export.install import CACHE_FOLDER, locked
from edge_asr_export.progress import StepBar

_FETCH, _UNPACK = "fetch", "unpack"


@contextmanager
def published_model(entry: CatalogueEntry, members: Sequence[str], models_dir: Path, title: str) -> Iterator[Path]:
    """Folder with the members of the archive of a catalogue entry, removed at the end. Raises ModelError."""
    cache = models_dir / CACHE_FOLDER
    progress = StepBar(title, {_FETCH: 20.0, _UNPACK: 1.0})
    with tempfile.TemporaryDirectory(prefix="edge-asr-model-") as folder:
        try:
            progress.start(_FETCH)
            if cached_path(entry, cache).is_file():
                archive = fetch_archive(entry, cache, progress)  # checked once more, and used
            else:
                with locked(models_dir):
                    archive = fetch_archive(entry, cache, progress)
            progress.start(_UNPACK)
            unpack(archive, entry.folder, members, Path(folder), progress)
        finally:
            progress.close()
        yield Path(folder)
