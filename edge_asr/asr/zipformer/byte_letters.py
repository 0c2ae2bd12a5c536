"""One letter for each byte, as byte-level pieces are written: printable ASCII as it is, others as Latin letters."""

from functools import cache

_FIRST = 0x100  # Latin Extended-A, and the first letters of Extended-B
_LEFT_OUT = (0x132, 0x133, 0x13F, 0x140, 0x149, 0x17F)  # ligatures and letters that normalization takes apart
_UNKNOWN = "\u2047"  # sentencepiece's mark


@cache
def byte_letters() -> dict[str, int]:
    """Byte of each letter."""
    others = [value for value in range(256) if not 0x20 <= value < 0x7F]
    letters = (chr(code) for code in range(_FIRST, 0x180 + len(others)) if code not in _LEFT_OUT)
    table = dict(zip(letters, others, strict=False))
    table |= {chr(value): value for value in range(0x20, 0x7F)}
    return table | {_UNKNOWN: 0x20}


@cache
def letters_of_bytes() -> dict[int, str]:
    """Letter of each byte."""
    return {value: letter for letter, value in byte_letters().items() if letter != _UNKNOWN}
