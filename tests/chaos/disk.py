"""A small file system of the test's own that can be made full, where this user may mount one."""

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

SIZE_KIB = 4096
_FILLER = ".filler"


class Disk:
    """A folder; `fill` takes every byte that is free in it. fillable: whether it is a file system of its own."""

    def __init__(self, path: Path, *, fillable: bool) -> None:
        self.path = path
        self.fillable = fillable

    def fill(self) -> None:
        with (self.path / _FILLER).open("ab", buffering=0) as filler:
            for size in (65_536, 1024, 1):
                with contextlib.suppress(OSError):
                    while filler.write(bytes(size)):
                        pass

    def free(self) -> None:
        (self.path / _FILLER).unlink(missing_ok=True)

    def is_full(self) -> bool:
        """Whether a byte more is refused."""
        try:
            with (self.path / ".probe").open("wb", buffering=0) as probe:
                probe.write(b"\0")
        except OSError as error:
            return error.errno == errno.ENOSPC
        finally:
            (self.path / ".probe").unlink(missing_ok=True)
        return False


@contextlib.contextmanager
def small_disk(path: Path) -> Iterator[Disk]:
    """A tmpfs of `SIZE_KIB` at `path`; an ordinary folder for who may not mount."""
    path.mkdir()
    mounted = os.geteuid() == 0 and not _run("mount", "-t", "tmpfs", "-o", f"size={SIZE_KIB}k", "edge-asr", str(path))
    try:
        yield Disk(path, fillable=mounted)
    finally:
        if mounted:
            _run("umount", "--lazy", str(path))


def _run(*words: str) -> int:
    return subprocess.run(words, capture_output=True, check=False, timeout=10).returncode
