"""Kaldi's text files: options, word boundaries, lists of integers, and a matrix in either format."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_asr.errors import ModelError
from edge_asr_export.kaldi_binary import KaldiReader

# Place of a phone in its word, as `labels.npz` codes it.
POSITIONS = {"nonword": 0, "begin": 1, "internal": 2, "end": 3, "singleton": 4}


def read_options(path: Path) -> dict[str, str]:
    """Lines `--key=value` of a .conf file; comments and empty lines are skipped."""
    options = {}
    for line in _lines(path):
        if not line.startswith("#"):
            key, equals, value = line.partition("=")
            if not (key.startswith("--") and equals):
                raise ModelError(f"{path.name}: {line!r} is no option, expected --key=value")
            options[key[2:]] = value.strip()
    return options


def read_integers(path: Path) -> list[int]:
    """One integer on each line."""
    lines = _lines(path)
    try:
        return [int(line) for line in lines]
    except ValueError as error:
        raise ModelError(f"{path.name}: {error}, expected one integer on each line") from error


def read_word_positions(path: Path) -> dict[int, int]:
    """Lines `phone nonword|begin|internal|end|singleton`: position code of each phone."""
    positions = {}
    for line in _lines(path):
        phone, _, position = line.partition(" ")
        if not phone.isdigit() or position not in POSITIONS:
            raise ModelError(f"{path.name}: {line!r}, expected a phone and one of {', '.join(POSITIONS)}")
        positions[int(phone)] = POSITIONS[position]
    return positions


def word_numbers(path: Path) -> dict[str, int]:
    """Lines WORD<TAB>NUMBER, as OpenFst writes a symbol table."""
    numbers = {}
    for line in _lines(path):
        word, tab, number = line.rpartition("\t")
        if not tab or not number.isdecimal():
            raise ModelError(f"{path.name}: {line!r}, expected WORD<TAB>NUMBER")
        numbers[word] = int(number)
    return numbers


def read_matrix(path: Path) -> NDArray[np.float64]:
    """Matrix (r, c), binary or text (`[` rows `]`)."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    if data.startswith(b"\0B"):
        return KaldiReader(data, path.name).array().astype(np.float64)
    try:
        rows = [line.split() for line in data.decode("ascii").replace("[", " ").replace("]", " ").splitlines()]
        return np.array([[float(value) for value in row] for row in rows if row], np.float64)
    except ValueError as error:
        raise ModelError(f"{path.name} is no matrix: {error}") from error


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in map(str.strip, path.read_text("utf8").splitlines()) if line]
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read as text: {error}") from error
