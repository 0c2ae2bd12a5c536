"""Arrays of a bundle: a .npz file read whole, its arrays checked before anything computes with them."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_asr.errors import ModelError

Arrays = dict[str, NDArray[np.generic]]
Shape = tuple[int | str, ...]


def load_arrays(path: Path, shapes: Mapping[str, Shape]) -> Arrays:
    """Arrays of `path` by name: finite numbers, of the wanted shapes; raises ModelError.

    A str in a shape stands for a length of at least 1 that is the same wherever the str appears.
    """
    try:
        arrays = _read(path)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error).splitlines()[0] if not isinstance(error, ValueError) and str(error) else "not a .npz file"
        raise ModelError(f"{path} is not a file of arrays ({reason})") from error
    lengths: dict[str, int] = {}
    for name, shape in shapes.items():
        if name not in arrays:
            raise ModelError(f"{path} has no array {name!r}, only: {', '.join(sorted(arrays)) or 'none'}")
        array = arrays[name]
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            raise ModelError(f"{path}: {name} holds what is no finite number")
        wanted = tuple(lengths.get(length, length) if isinstance(length, str) else length for length in shape)
        if not _fits(array.shape, wanted):
            raise ModelError(f"{path}: {name} has the shape {array.shape}, expected {wanted}")
        lengths |= {length: found for length, found in zip(shape, array.shape, strict=True) if isinstance(length, str)}
    return arrays


def _read(path: Path) -> Arrays:
    loaded = np.load(path, allow_pickle=False)
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise ValueError("a single array")  # noqa: TRY004 - the fault is the file's
    with loaded:
        return dict(loaded)


def _fits(found: tuple[int, ...], wanted: Shape) -> bool:
    return len(found) == len(wanted) and all(
        length > 0 if isinstance(expected, str) else length == expected
        for length, expected in zip(found, wanted, strict=True)
    )
