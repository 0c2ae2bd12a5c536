"""Where each document goes, and how it gets there whole."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge_asr.batch.finding import Found
from edge_asr.batch.forms import SUFFIXES
from edge_asr.errors import EdgeAsrError

Places = Mapping[str, Path]  # by form


def places(recordings: Sequence[Found], forms: Sequence[str], folder: Path | None) -> list[Places]:
    """Of each recording, below `folder` or, where it is None, beside it.

    a.wav becomes a.txt; where there is an a.flac too, they become a.wav.txt and a.flac.txt. Raises EdgeAsrError when
    two would still be one, or a document would be written over a recording.
    """
    bases = [one.path if folder is None else folder / one.place for one in recordings]
    stems = Counter(base.with_suffix("") for base in bases)
    named = [base if stems[base.with_suffix("")] > 1 else base.with_suffix("") for base in bases]
    sources = {one.path.resolve(): one.path for one in recordings}
    taken: dict[Path, Path] = {}
    all_places: list[Places] = []
    for one, name in zip(recordings, named, strict=True):
        mine = {form: name.with_name(name.name + SUFFIXES[form]) for form in forms}
        for place in mine.values():
            if place.resolve() in sources:
                raise EdgeAsrError(f"'{place}' is a recording itself and would be written over; give --output-dir")
            other = taken.setdefault(place, one.path)
            if other != one.path:
                raise EdgeAsrError(f"'{other}' and '{one.path}' would both become '{place}'; hear them one by one")
        all_places.append(mine)
    return all_places


def is_up_to_date(path: Path, mine: Places) -> bool:
    """Whether every document is there and not older than its recording."""
    try:
        heard_ns = path.stat().st_mtime_ns
        return all(place.stat().st_mtime_ns >= heard_ns for place in mine.values())
    except OSError:
        return False


def write_whole(place: Path, text: str) -> None:
    """Write a document under another name and rename it when it is on the disk. Raises OSError; leaves no half file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(f".{os.getpid()}.new")  # the name may be as long as a name can be
    try:
        with new.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(place)
    finally:
        new.unlink(missing_ok=True)
