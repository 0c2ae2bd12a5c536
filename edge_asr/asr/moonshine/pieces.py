"""Word pieces of an offline model: a table of byte strings, and words out of them.

The file holds one piece after the other, each behind its length: one byte below 128, else two, the first holding the
low seven bits. A piece that begins a word begins with U+2581.
"""

import itertools
import math
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from edge_asr.asr.rescorer import SpokenWord
from edge_asr.errors import ModelError

_SPACE = "\u2581"
_SPACE_BYTES = _SPACE.encode()
_PUNCTUATION = frozenset({b".", b",", b"!", b"?", b";", b":", b"-", b"..."})
_CONTROL = re.compile(rb"\A(<unk>|</?s>|<<ST_\d+>>)\Z")  # control pieces: they are no text


class Pieces:
    """Immutable table from token to piece."""

    def __init__(self, table: Sequence[bytes]) -> None:
        self._table = tuple(b"" if _CONTROL.match(piece) else piece for piece in table)

    @classmethod
    def load(cls, path: Path, vocabulary: int) -> "Pieces":
        """Table of a file; raises ModelError unless it is one that fits a network with so many outputs.

        Outputs past the table's end are control tokens and have no text.
        """
        table = unpack_pieces(path)
        if not 0 < len(table) <= vocabulary:
            raise ModelError(f"{path} has {len(table)} pieces, expected 1 to {vocabulary}")
        return cls(table)

    def is_mark(self, token: int) -> bool:
        """Whether a token is punctuation alone."""
        return self._piece(token).removeprefix(_SPACE_BYTES) in _PUNCTUATION

    @cached_property
    def marks(self) -> list[int]:
        """Tokens that are punctuation alone."""
        return [token for token in range(len(self._table)) if self.is_mark(token)]

    def tokens(self, text: str, *, spaced: bool = True) -> list[int] | None:
        """The way such a model writes a text: from letters on, the two neighbours that come first in the table joined.

        That is byte pair encoding, in a table that has its merges in their order. None for a letter that it lacks.
        Before a text stands a space, where it is `spaced`.
        """
        parts = [letter.encode() for letter in spaced * _SPACE + text.replace(" ", _SPACE)]
        while True:
            joined = [self._place.get(one + other, math.inf) for one, other in itertools.pairwise(parts)]
            first = min(joined, default=math.inf)
            if first == math.inf:
                break
            at = joined.index(first)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        found = [self._place.get(part) for part in parts]
        return [token for token in found if token is not None] if None not in found else None

    @cached_property
    def _place(self) -> dict[bytes, int]:
        """The token of each piece: of one that is also a bare byte, which come first in the table, the later one."""
        return {piece: token for token, piece in enumerate(self._table) if piece}

    def words(self, tokens: Sequence[int], log_shares: Sequence[float]) -> tuple[SpokenWord, ...]:
        """Words of tokens; a word's confidence is the mean share (geometric) that the model gave its tokens."""
        found: list[SpokenWord] = []
        for begin, end in self._groups(tokens):
            shares = log_shares[begin:end]
            confidence = math.exp(sum(shares) / len(shares))
            found += [SpokenWord(word, confidence) for word in self._text(tokens[begin:end])]
        return tuple(found)

    def last_words(self, tokens: Sequence[int], count: int) -> Sequence[int] | None:
        """The tokens of the last `count` of these words; None where they begin within one, or there are fewer."""
        for begin, end in reversed(self._groups(tokens)):
            if count <= 0:
                break
            count -= len(self._text(tokens[begin:end]))
            if count == 0:
                return tokens[begin:]
        return None

    def _groups(self, tokens: Sequence[int]) -> list[tuple[int, int]]:
        """Beginnings and ends of tokens that stand between spaces."""
        begins = [at for at, token in enumerate(tokens) if not at or self._piece(token).startswith(_SPACE_BYTES)]
        return list(itertools.pairwise([*begins, len(tokens)]))

    def _text(self, tokens: Sequence[int]) -> list[str]:
        """The words of tokens: one, but for those that have a space within, or nothing else."""
        return b"".join(map(self._piece, tokens)).decode("utf8", "replace").replace(_SPACE, " ").split()

    def _piece(self, token: int) -> bytes:
        return self._table[token] if token < len(self._table) else b""


def unpack_pieces(path: Path) -> list[bytes]:
    """Pieces of a file; raises ModelError when it ends within one."""
    data = path.read_bytes() + b"\0"  # so that a length's second byte is always there
    end = len(data) - 1
    table, at = [], 0
    while at < end:
        length, at = data[at], at + 1
        if length >= 128:
            length, at = data[at] * 128 + length - 128, at + 1
        if at + length > end:
            raise ModelError(f"{path} is not a table of word pieces: it ends within one")
        table.append(data[at : at + length])
        at += length
    return table


def pack_pieces(table: Sequence[bytes]) -> bytes:
    """File of pieces; each may be as long as 32767 bytes."""
    packed = bytearray()
    for piece in table:
        length = len(piece)
        packed += bytes([length]) if length < 128 else bytes([128 + length % 128, length // 128])
        packed += piece
    return bytes(packed)
