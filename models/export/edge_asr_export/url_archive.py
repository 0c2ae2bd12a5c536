"""An archive from anywhere: fetched whole, compared with the SHA-256 that a person pinned, read only after that."""

import hashlib
import shutil
import tarfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path

from edge_asr.asr.bundle import sha256_of
from edge_asr.errors import ModelError
from edge_asr_export.progress import Progress

_MOST_BYTES = 4 << 30
_PART_BYTES = 1 << 20
_SILENCE_TIMEOUT_S = 30.0
_BROKEN = (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


def fetch(url: str, sha256: str, target: Path, progress: Progress) -> None:
    """Write what is at an http or https address to `target`; raises ModelError unless its sum is `sha256`."""
    found = hashlib.sha256()
    try:
        # The caller lets only http and https pass, and redirections cannot lead to another scheme but ftp.
        with urllib.request.urlopen(url, timeout=_SILENCE_TIMEOUT_S) as source, target.open("xb") as sink:  # noqa: S310
            wanted, done = int(source.headers.get("Content-Length") or 0), 0
            while part := source.read(_PART_BYTES):
                done += len(part)
                if done > _MOST_BYTES:
                    raise ModelError(f"{url} is longer than {_MOST_BYTES >> 30} GB, which is too much")
                sink.write(part)
                found.update(part)
                progress.advance(min(1.0, done / wanted) if wanted else 0.0)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ModelError(f"{url} could not be fetched: {reason}; check the address and the network") from error
    _compare(url, found.hexdigest(), sha256)


def check(archive: Path, sha256: str) -> None:
    """Compare a file with its pinned sum; raises ModelError."""
    _compare(str(archive), sha256_of(archive), sha256)


def names(archive: Path) -> list[str]:
    """Names of the plain files in a tar or zip archive; raises ModelError when it is neither."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                return [info.filename for info in opened.infolist() if not info.is_dir()]
        with tarfile.open(archive, "r:*") as opened_tar:
            return [member.name for member in opened_tar if member.isfile()]
    except _BROKEN as error:
        raise ModelError(f"{archive.name} is no sound tar or zip archive: {error}") from error


def unpack(archive: Path, targets: Mapping[str, Path]) -> None:
    """Write some files of an archive each to its own target; where they go is ours, never the archive's."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                for name, target in targets.items():
                    with opened.open(name) as source, target.open("xb") as sink:
                        shutil.copyfileobj(source, sink, _PART_BYTES)
            return
        with tarfile.open(archive, "r:*") as opened_tar:
            for member in opened_tar:
                if member.isfile() and member.name in targets:
                    part = opened_tar.extractfile(member)
                    assert part is not None  # noqa: S101 - a plain file has content
                    with part, targets[member.name].open("wb") as sink:
                        shutil.copyfileobj(part, sink, _PART_BYTES)
    except _BROKEN as error:
        raise ModelError(f"{archive.name} is no sound tar or zip archive: {error}") from error


def _compare(what: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise ModelError(f"{what} has sha256 {found}, expected {wanted}: nothing of it was used")
