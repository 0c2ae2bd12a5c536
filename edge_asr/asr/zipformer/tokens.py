"""The tokens of a zipformer: pieces of words, characters or bytes; text out of them, and them out of text.

Three kinds of tables are told apart by what is in them: pieces where U+2581 begins a word (with single bytes written
as <0xE4>), byte-level pieces whose characters each stand for one byte, and plain characters.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from edge_asr.asr.zipformer.byte_letters import byte_letters
from edge_asr.errors import ModelError

SPACE = "\u2581"
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>\Z")
_MARK = re.compile(r"<[^<>]+>\Z|#\d+\Z")
_BLANKS = ("<blk>", "<eps>", "<blank>")
_UNKNOWN = "<unk>"
_BYTE_LEVEL_LEAD = 0xC6  # of U+0180..U+01BF in UTF-8: byte-level tables have such letters, and no higher ones


class Tokens:
    """Immutable table of the tokens 0..vocabulary-1."""

    def __init__(self, table: Sequence[str]) -> None:
        self.table = tuple(table)
        self.number = {token: number for number, token in reversed([*enumerate(self.table)])}
        self.byte_level = _is_byte_level(self.table)
        # UTF-8 of a token, or a part of a character's; a space where a word begins; empty for a mark.
        self.text_bytes = tuple(self._bytes_of(token) for token in self.table)
        self.text = tuple(_text(data) for data in self.text_bytes)  # None where a token is not whole characters

    @classmethod
    def load(cls, path: Path, vocabulary: int) -> "Tokens":
        """Table of a file with one token and its number a line; raises ModelError when it is not the network's."""
        found: dict[int, str] = {}
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ModelError(f"{path} is not UTF-8 text at byte {error.start}") from None
        for line in lines:
            token, number = _read_line(line, path)
            if number in found:
                raise ModelError(f"{path} gives the number {number} to {found[number]!r} and to {token!r}")
            found[number] = token
        missing = next((number for number in range(vocabulary) if number not in found), None)
        if missing is not None:
            raise ModelError(
                f"{path} is of another model: it has no token {missing}, the network has {vocabulary} tokens"
            )
        # Published tables go on with symbols of a lexicon, #0 and #1, which no network says.
        beyond = [token for number, token in found.items() if number >= vocabulary and not token.startswith("#")]
        if beyond:
            raise ModelError(f"{path} is of another model: {beyond[0]!r} lies beyond the network's {vocabulary} tokens")
        return cls([found[number] for number in range(vocabulary)])

    def blank(self) -> int:
        """The token that says nothing; raises ModelError when the table has none."""
        for name in _BLANKS:
            if name in self.number:
                return self.number[name]
        raise ModelError(f"the tokens have none of {', '.join(_BLANKS)}")

    def unknown(self) -> int | None:
        """The token for what training had no token for."""
        return self.number.get(_UNKNOWN)

    def _bytes_of(self, token: str) -> bytes:
        if found := _BYTE.match(token):
            return bytes([int(found[1], 16)])
        if _MARK.match(token):
            return b""
        if not self.byte_level:
            return token.replace(SPACE, " ").encode()
        values = byte_letters()
        return bytes(32 if letter == SPACE else values[letter] for letter in token)


def _text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _read_line(line: str, path: Path) -> tuple[str, int]:
    token, _, number = line.strip().rpartition(" ")
    token = token.strip() or " "  # the token of a space may be written as one
    if not (number.isascii() and number.isdigit()):
        raise ModelError(f"{path} has a line {line[:60]!r}; expected TOKEN NUMBER")
    return token, int(number)


def _is_byte_level(table: Sequence[str]) -> bool:
    values = byte_letters()
    letters = {letter for token in table if not _MARK.match(token) for letter in token} - {SPACE}
    return letters <= values.keys() and any(letter.encode()[0] == _BYTE_LEVEL_LEAD for letter in letters)
