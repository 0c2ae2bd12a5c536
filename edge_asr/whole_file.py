"""A small file that is there whole or not at all, also after a power cut."""

import os
from pathlib import Path


def replace_whole(path: Path, content: bytes) -> None:
    """Write `content` in place of what is there, its folder too where there is none; raises OSError."""
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # the new name too is to survive a power cut
    finally:
        os.close(descriptor)
