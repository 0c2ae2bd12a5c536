"""Which recordings are meant by the names on the command line: files as they are, folders with all below them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

# By libsndfile, then by ffmpeg. In a folder the name decides; a file that is named is tried whatever its name.
_SUFFIXES = frozenset(
    [
        ".wav",
        ".wave",
        ".bwf",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".mp3",
        ".aif",
        ".aiff",
        ".aifc",
        ".au",
        ".snd",
        ".caf",
        ".w64",
        ".rf64",
        ".voc",
        ".sph",
        ".nist",
        ".m4a",
        ".m4b",
        ".mp4",
        ".m4v",
        ".aac",
        ".mka",
        ".mkv",
        ".webm",
        ".mov",
        ".wma",
        ".wmv",
        ".avi",
        ".amr",
        ".3gp",
        ".ac3",
        ".mp2",
        ".mpg",
        ".mpeg",
        ".ogv",
        ".flv",
        ".wv",
        ".ape",
        ".tta",
    ]
)


@dataclass(frozen=True, slots=True)
class Found:
    """A recording. `place`: where it belongs below a folder of documents, with its own name."""

    path: Path
    place: PurePath


@dataclass(frozen=True, slots=True)
class Missed:
    """A name, or a folder below it, behind which there is nothing to hear, and why."""

    error: str


def find(names: Sequence[str]) -> list[Found | Missed]:
    """All recordings, in the order of the names and sorted within a folder.

    Links to folders are not followed, nor is what is hidden. Of several folders each keeps its own name in `place`.
    """
    folders = sum(Path(name).is_dir() if _exists(name) else False for name in names)
    found: list[Found | Missed] = []
    for name in names:
        path = Path(name)
        if _exists(name) and path.is_dir():
            found += _below(path, PurePath(path.resolve().name if folders > 1 else ""))
        else:
            found.append(Found(path, PurePath(path.name)))
    return found


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError:  # a name that is too long: whoever opens it says so
        return False


def _below(folder: Path, place: PurePath) -> Iterator[Found | Missed]:
    faults: list[OSError] = []
    count = 0
    for top, folders, files in os.walk(folder, onerror=faults.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(top, name)
            if path.suffix.lower() in _SUFFIXES and not name.startswith("."):
                count += 1
                yield Found(path, place / path.relative_to(folder))
    for fault in faults:
        yield Missed(f"'{fault.filename}' cannot be read: {fault.strerror}; check who may read it")
    if not count and not faults:
        yield Missed(f"'{folder}' is a folder without recordings (known by names like .wav .flac .mp3); name the files")
