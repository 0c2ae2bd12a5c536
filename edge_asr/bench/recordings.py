"""Recordings with their texts: a folder with `manifest.jsonl`, one JSON object a line, and the audio beside it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec
import numpy as np

from edge_asr.audio.chunk import Samples
from edge_asr.audio.replay import FileSource
from edge_asr.clock import Clock
from edge_asr.errors import EdgeAsrError

MANIFEST = "manifest.jsonl"
_EXPECTED = 'expected {"path": "set/one.flac", "text": "what is said" or null, "lang": "en"}, other keys are free'


class _Row(msgspec.Struct, frozen=True):
    path: str
    text: str | None
    lang: str


@dataclass(frozen=True, slots=True)
class Recording:
    """One file and what is said in it. `set_name` is its folder in the manifest."""

    name: str
    path: Path
    set_name: str
    text: str

    def samples(self, clock: Clock) -> tuple[Samples, int]:
        """All of it, int16 (n,), and its rate in Hz. Raises AudioFileError."""
        source = FileSource(self.path, clock)
        return np.concatenate([chunk.samples for chunk in source.chunks()]), source.sample_rate_hz


def read_recordings(folder: Path, language: str | None, sets: Collection[str] = ()) -> list[Recording]:
    """Recordings of a language that have a text, in the manifest's order; `sets` empty takes every set.

    language: None takes every one.

    Raises EdgeAsrError: one line with the place and the fix.
    """
    manifest = folder / MANIFEST
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise EdgeAsrError(f"{manifest} cannot be read ({error.strerror}); {_EXPECTED}, the audio beside it") from None
    except UnicodeDecodeError:
        raise EdgeAsrError(f"{manifest} is not UTF-8 text; {_EXPECTED}") from None
    rows = [_row(line, f"{manifest} line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    usable = [row for row in rows if language in (None, row.lang) and row.text and row.text.strip()]
    spoken = "any language" if language is None else f"the language {language!r}"
    known = sorted({_set_of(row) for row in usable})
    unknown = sorted(set(sets) - set(known))
    if unknown:
        raise EdgeAsrError(f"there is no set {unknown[0]!r} with texts in {spoken}; known are: {', '.join(known)}")
    if not usable:
        raise EdgeAsrError(f"{manifest} has no row with a text in {spoken}; {_EXPECTED}")
    return [_recording(row, folder, manifest) for row in usable if not sets or _set_of(row) in sets]


def first_of_each(recordings: Sequence[Recording], count: int) -> list[Recording]:
    """So many recordings of each set, the first ones."""
    taken: dict[str, list[Recording]] = {}
    for recording in recordings:
        taken.setdefault(recording.set_name, []).append(recording)
    return [recording for one_set in taken.values() for recording in one_set[:count]]


def _row(line: str, place: str) -> _Row:
    try:
        return msgspec.json.decode(line, type=_Row)
    except msgspec.DecodeError as error:
        raise EdgeAsrError(f"{place}: {error}; {_EXPECTED}") from None


def _recording(row: _Row, folder: Path, manifest: Path) -> Recording:
    name = PurePosixPath(row.path)
    if name.is_absolute() or ".." in name.parts or not row.path:
        raise EdgeAsrError(f"{manifest}: the path {row.path!r} leads out of the folder; expected one below it")
    path = folder / name
    if not path.is_file():
        raise EdgeAsrError(f"{manifest} names {row.path!r}, which is not in {folder}; copy it there or drop its line")
    return Recording(row.path, path, _set_of(row), row.text or "")


def _set_of(row: _Row) -> str:
    return str(PurePosixPath(row.path).parent)
