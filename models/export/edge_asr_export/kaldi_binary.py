"""Kaldi's binary format, read from memory: tokens, sized numbers, vectors, matrices."""

import struct
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.errors import ModelError

Reals = NDArray[Any]  # float32 or float64, as the file has it

_MAGIC = b"\0B"
_LONGEST_TOKEN_BYTES = 200
_MOST_VALUES = 1 << 28  # a count above it comes from a corrupt file, not from a model for small machines
_TYPES: dict[bytes, np.dtype[Any]] = {b"F": np.dtype("<f4"), b"D": np.dtype("<f8")}


class KaldiReader:
    """A cursor over one file's bytes. Every fault is a ModelError with the file's name and the byte."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self.position = 0
        if not data.startswith(_MAGIC):
            raise ModelError(f"{name} is not a binary Kaldi file: it begins with {data[:2]!r}, expected {_MAGIC!r}")
        self.position = len(_MAGIC)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Reader of a whole file."""
        try:
            return cls(path.read_bytes(), path.name)
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}") from error

    def fault(self, text: str) -> ModelError:
        """Error that names the place."""
        return ModelError(f"{self._name} is corrupt or of an unknown kind at byte {self.position}: {text}")

    def peek(self, count: int = 1) -> bytes:
        """Next bytes, fewer at the end."""
        return self._data[self.position : self.position + count]

    def token(self) -> str:
        """Next word, which ends with a space."""
        end = self._data.find(b" ", self.position, self.position + _LONGEST_TOKEN_BYTES)
        if end < 0:
            raise self.fault("expected a token")
        token = self._data[self.position : end].decode("latin1")
        self.position = end + 1
        return token

    def expect(self, *tokens: str) -> None:
        """Take exactly these words."""
        for wanted in tokens:
            found = self.token()
            if found != wanted:
                raise self.fault(f"found {found!r}, expected {wanted!r}")

    def text_until(self, end: bytes) -> str:
        """Text up to `end`, which is taken too."""
        at = self._data.find(end, self.position)
        if at < 0:
            raise self.fault(f"expected {end!r} after a text")
        text = self._data[self.position : at].decode("latin1")
        self.position = at + len(end)
        return text

    def scalar(self) -> bytes:
        """Raw bytes of a number that carries its size: 4 or 8 of them."""
        size = self._take(1)[0]
        if size not in {4, 8}:
            raise self.fault(f"a number of {size} bytes, expected 4 or 8")
        return self._take(size)

    def boolean(self) -> bool:
        """`T` or `F`."""
        value = self._take(1)
        if value not in {b"T", b"F"}:
            raise self.fault(f"{value!r}, expected T or F")
        return value == b"T"

    def integer(self) -> int:
        """Signed integer."""
        return int.from_bytes(self.scalar(), "little", signed=True)

    def real(self) -> float:
        """Float of single or double precision."""
        raw = self.scalar()
        return float(struct.unpack("<f" if len(raw) == 4 else "<d", raw)[0])

    def integers(self) -> list[int]:
        """Vector of int32."""
        if (size := self._take(1)[0]) != 4:
            raise self.fault(f"integers of {size} bytes, expected 4")
        return [int(value) for value in self._values(np.dtype("<i4"), self._bare_count())]

    def array(self) -> Reals:
        """Vector, matrix or packed symmetric matrix, in its own precision; the symmetric one comes out full."""
        kind = self.token().encode("latin1")
        dtype = _TYPES.get(kind[:1])
        if dtype is None or kind[1:] not in {b"V", b"M", b"P"}:
            raise self.fault(f"{kind!r} is no array; expected FV, FM, FP, DV, DM or DP")
        if kind[1:] == b"V":
            return self._values(dtype, self.integer())
        if kind[1:] == b"M":
            rows, columns = self.integer(), self.integer()
            return self._values(dtype, rows * columns).reshape(rows, columns)
        rows = self.integer()
        full: Reals = np.zeros((rows, rows), dtype)
        full[np.tril_indices(rows)] = self._values(dtype, rows * (rows + 1) // 2)
        full += np.tril(full, -1).T
        return full

    def _bare_count(self) -> int:
        return int.from_bytes(self._take(4), "little", signed=True)

    def _values(self, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
        if not 0 <= count <= _MOST_VALUES:
            raise self.fault(f"an array of {count} values")
        values: NDArray[Any] = np.frombuffer(self._take(count * dtype.itemsize), dtype)
        return values

    def _take(self, count: int) -> bytes:
        taken = self._data[self.position : self.position + count]
        if len(taken) != count:
            raise self.fault(f"the file ends, {count - len(taken)} bytes too early")
        self.position += count
        return taken
