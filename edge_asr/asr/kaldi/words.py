"""The words of a decoding graph, by their numbers."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.errors import ModelError

_MARKS = ("", "<", "[", "!", "#")  # <eps>, [unk], !SIL, #0: what a lexicon names beside words
_HIGHEST = 10_000_000  # far beyond any lexicon: a table of that size still fits


class WordTable:
    """All words in one block of bytes: a hundred thousand Python strings would take twenty times their letters.

    `known` and `spoken` are bool (highest number + 1,): the number names anything at all, or a word that can be said.
    Immutable.
    """

    def __init__(self, words: dict[int, str]) -> None:
        size = max(words, default=0) + 1
        self.known = np.zeros(size, np.bool_)
        self.spoken = np.zeros(size, np.bool_)
        ends = np.zeros(size + 1, np.int64)
        block = bytearray()
        for number in range(size):
            word = words.get(number)
            if word is not None:
                self.known[number] = True
                self.spoken[number] = word[:1] not in _MARKS
                block += word.encode()
            ends[number + 1] = len(block)
        self._block = bytes(block)
        self._ends: NDArray[np.int64] = ends

    @classmethod
    def read(cls, path: Path) -> Self:
        """Table of a file of lines WORD<TAB>NUMBER; raises ModelError."""
        words: dict[int, str] = {}
        try:
            for line in path.read_text(encoding="utf-8").removesuffix("\n").split("\n"):
                word, tab, number = line.rpartition("\t")
                if not tab or not (number.isascii() and number.isdigit()):
                    raise ModelError(f"{path} has a line {line[:60]!r}; expected WORD<TAB>NUMBER")
                words[int(number)] = word
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ModelError(f"{path} is not UTF-8 text at byte {error.start}") from None
        if max(words) > _HIGHEST:
            raise ModelError(f"{path} numbers a word {max(words)}; expected at most {_HIGHEST}")
        return cls(words)

    def __getitem__(self, number: int) -> str:
        """Word of a number that is known."""
        return self._block[self._ends[number] : self._ends[number + 1]].decode()
