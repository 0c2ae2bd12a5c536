"""Pull a model of the catalogue: fetch, build, try, put in place."""

import shutil
from pathlib import Path

from edge_asr.asr.bundle import Bundle, load_bundle
from edge_asr.asr.catalogue import CatalogueEntry
from edge_asr.asr.manifest import AnyManifest
from edge_asr.errors import ModelError
from edge_asr_export.archive import cached_path, fetch_archive, unpack
from edge_asr_export.builder import COUNTS_FOLDER, Builder, builder_of
from edge_asr_export.download import check_client
from edge_asr_export.install import CACHE_FOLDER, install, locked
from edge_asr_export.progress import Progress

FETCH, FETCH_COUNTS, READ = "fetch", "fetch word counts", "read"
_MB = 1_000_000
_MEMINFO = Path("/proc/meminfo")


def weights(entry: CatalogueEntry, builder: Builder) -> dict[str, float]:
    """All steps of a pull, in their order, and how long each takes."""
    return {FETCH: 20.0, **({FETCH_COUNTS: 3.0} if entry.counts else {}), READ: 2.0, **builder.weights}


def pull(
    entry: CatalogueEntry, models_dir: Path, progress: Progress, builder: Builder | None = None
) -> Bundle[AnyManifest]:
    """Build a bundle from the published weights, in place of any old one of that name.

    Takes up to a minute and `entry.build_memory_bytes` of memory on a desktop. Raises ModelError, FetchError when the
    network did not deliver, or EdgeAsrError when another process is changing the folder; whatever happens, no half of
    a bundle is seen.
    """
    builder = builder or builder_of(entry)
    builder.check()  # before anything is fetched
    for archive in entry.archives:
        check_client(archive)
    with locked(models_dir):
        cache = models_dir / CACHE_FOLDER
        _check_room(entry, models_dir, cache)
        _warn_of_memory(entry, progress)

        def build(bundle: Path, work: Path) -> None:
            progress.start(FETCH)
            archive = fetch_archive(entry, cache, progress)
            source = work / "source"
            if entry.counts is not None:
                progress.start(FETCH_COUNTS)
                counts = fetch_archive(entry.counts, cache, progress)
                unpack(counts, entry.counts.folder, entry.counts.members, source / COUNTS_FOLDER, progress)
            progress.start(READ)
            unpack(archive, entry.folder, builder.members, source, progress)
            builder.build(entry, source, bundle, work, progress)

        try:
            install(models_dir, entry.name, build)
        except OSError as error:
            raise ModelError(f"{entry.name} could not be built in {models_dir}: {error}") from error
        return load_bundle(models_dir, entry.name)


def _check_room(entry: CatalogueEntry, models_dir: Path, cache: Path) -> None:
    """Refuse early what the disk cannot hold; an old bundle stays until the new one is whole."""
    needed = entry.bundle_bytes + entry.build_bytes
    for archive in entry.archives:
        if not cached_path(archive, cache).is_file():
            needed += 2 * archive.archive_bytes  # pip's own copy, and ours
    free = shutil.disk_usage(models_dir).free
    if free < needed:
        raise ModelError(
            f"{models_dir} has {free // _MB} MB free, building {entry.name} needs {needed // _MB} MB; "
            "make room or choose another --models-dir"
        )


def _warn_of_memory(entry: CatalogueEntry, progress: Progress) -> None:
    """Say so when memory may not do; it is no refusal, for the kernel may find more."""
    try:
        lines = [line.split() for line in _MEMINFO.read_text("ascii").splitlines()]
    except OSError:
        return
    free = sum(int(line[1]) * 1024 for line in lines if line[0] in {"MemAvailable:", "SwapFree:"})
    if free < entry.build_memory_bytes:
        progress.note(
            f"building takes {entry.build_memory_bytes // _MB} MB of memory and {free // _MB} MB are free; "
            "if it fails, build on a larger machine and copy the folder"
        )
