"""Speech for the try-out: recordings that a Debian package brings, or the user's own files.

The package `pocketsphinx-testdata` holds five sentences of Jane Austen's Sense and Sensibility, read for LibriVox and
in the public domain. They are checked by SHA-256 before they are played, and nothing of them is part of this project.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import soundfile

from edge_asr.errors import AudioFileError

PACKAGE = "pocketsphinx-testdata"
FOLDER = Path("/usr/share/pocketsphinx/test/data/librivox")
TITLE = "five sentences of Jane Austen's Sense and Sensibility, read for LibriVox"
_FIX = f"sudo apt install --reinstall {PACKAGE}, or give your own: edge-asr demo --file my.wav"
_SHA256 = {
    "sense_and_sensibility_01_austen_64kb-0870.wav": "b0557cf95c974d930577e58e46b7f068c432a6e3afcc286563d88922b2a5315c",
    "sense_and_sensibility_01_austen_64kb-0880.wav": "fbec491ef00ee734a67f0ee318e98c51c157b479e1629ff4f4426861ecac0414",
    "sense_and_sensibility_01_austen_64kb-0890.wav": "5793ffbdee55fb8bfd284943a6866864c832d9d4accf2661cabd39915c84ee10",
    "sense_and_sensibility_01_austen_64kb-0920.wav": "40882414ef4cc51f3ff7a63bad0c8c87e7f595ffeb8209fbf756c8ebc5c28a59",
    "sense_and_sensibility_01_austen_64kb-0930.wav": "954adbf0b56ac8a148cbe77b39ca18d76b5f2a1e1f405565bd786ce3e68a68b7",
}


def sample(folder: Path = FOLDER) -> tuple[Path, ...]:
    """The sentences in the order of the book, 16 kHz mono WAV; raises AudioFileError when one is absent or altered."""
    return tuple(_verified(folder / name, digest) for name, digest in _SHA256.items())


def own_files(paths: Sequence[str]) -> tuple[Path, ...]:
    """The user's files, each one readable as audio; raises AudioFileError."""
    return tuple(_readable(Path(path)) for path in paths)


def _verified(path: Path, digest: str) -> Path:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise AudioFileError(f"the speech sample {path} cannot be read ({error.strerror}); {_FIX}") from None
    if found != digest:
        raise AudioFileError(f"the speech sample {path} is not the known one (sha256 {found[:12]}...); {_FIX}")
    return path


def _readable(path: Path) -> Path:
    try:
        there = path.is_file()
    except OSError as error:
        raise AudioFileError(f"'{path}' cannot be read: {error.strerror}; check who may read it") from None
    if not there:
        raise AudioFileError(f"'{path}' is not a file; give WAV or FLAC files to --file")
    try:
        soundfile.info(str(path))
    except soundfile.LibsndfileError as error:
        reason = str(error.error_string).rstrip(".")
        raise AudioFileError(f"'{path}' is not audio that can be played ({reason}); give WAV or FLAC") from None
    return path
