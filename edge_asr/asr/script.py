"""Scripts that put no spaces between words."""

_SPACELESS = ((0x3000, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))
_FIRST_SPACELESS = chr(_SPACELESS[0][0])
_SPACELESS_FROM = 0x20000  # rarer Chinese characters


def spaceless(letter: str) -> bool:
    """Whether a character is of a script that puts no spaces between words."""
    if letter < _FIRST_SPACELESS:
        return False
    code = ord(letter)
    return code >= _SPACELESS_FROM or any(first <= code <= last for first, last in _SPACELESS)


def glued(before: str, word: str) -> bool:
    """Whether `word` follows the word `before` without a space: both characters that meet are of such a script."""
    return spaceless(before[-1:]) and spaceless(word[:1])
