"""A bundle appears whole or not at all: built aside, flushed to the disk, then moved into place by one rename.

Whatever stops a build, at any moment, the models folder holds the old bundle, the new one, or none of that name; and
folders whose names begin with a dot, which the next pull clears away.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_asr.errors import EdgeAsrError, ModelError

CACHE_FOLDER = ".cache"
LOCK_FILE = ".lock"
_BUILD_PREFIX, _OLD_PREFIX = ".build-", ".old-"
_PRIVATE_FETCH = "fetch-*"


@contextmanager
def locked(models_dir: Path) -> Iterator[None]:
    """Hold the models folder for one change at a time; it is made when missing.

    Raises EdgeAsrError at once when another process holds it, ModelError when the folder cannot be written.
    """
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(models_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ModelError(f"{models_dir} cannot be written: {error.strerror}; choose another --models-dir") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise EdgeAsrError(f"another edge-asr is changing {models_dir}; wait until it is done") from error
        _clear_leftovers(models_dir)
        yield
    finally:
        os.close(descriptor)  # frees the lock; the kernel does the same when the process dies


def install(models_dir: Path, name: str, build: Callable[[Path, Path], None]) -> Path:
    """Build a bundle and put it in place of any old one; call it while the folder is `locked`.

    `build(bundle, work)` fills the empty folder `bundle` and may use `work` for temporary files; what it raises passes
    through and leaves the old bundle as it was. Returns the bundle's folder.
    """
    aside = Path(tempfile.mkdtemp(prefix=f"{_BUILD_PREFIX}{name}-", dir=models_dir))
    try:
        bundle, work = aside / "bundle", aside / "work"
        bundle.mkdir()
        work.mkdir()
        build(bundle, work)
        _flush(bundle)
        target = models_dir / name
        _put_aside(target)
        bundle.rename(target)
        _flush_folder(models_dir)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _clear_leftovers(models_dir)
    return target


def remove(models_dir: Path, name: str) -> bool:
    """Remove a bundle whole; call it while the folder is `locked`. False when there is none."""
    if not _put_aside(models_dir / name):
        return False
    _flush_folder(models_dir)
    _clear_leftovers(models_dir)
    return True


def clear_cache(models_dir: Path) -> None:
    """Delete the fetched archives; call it while the folder is `locked`."""
    shutil.rmtree(models_dir / CACHE_FOLDER, ignore_errors=True)


def _put_aside(target: Path) -> bool:
    """Take a bundle out of sight by one rename. False when there is none."""
    if not target.exists():
        return False
    grave = Path(tempfile.mkdtemp(prefix=f"{_OLD_PREFIX}{target.name}-", dir=target.parent))
    target.rename(grave / target.name)
    return True


def _clear_leftovers(models_dir: Path) -> None:
    """Remove what interrupted builds have left; nobody else works here while the folder is locked."""
    for pattern in (f"{_BUILD_PREFIX}*", f"{_OLD_PREFIX}*", f"{CACHE_FOLDER}/{_PRIVATE_FETCH}"):
        for path in models_dir.glob(pattern):
            shutil.rmtree(path, ignore_errors=True)


def _flush(bundle: Path) -> None:
    """Have the disk hold every file before the rename makes them a bundle."""
    for path in bundle.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    _flush_folder(bundle)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
