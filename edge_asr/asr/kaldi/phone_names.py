"""Names of the phones: those of ARPAbet, where a model has its sounds.

A Kaldi model is published without its table of phones. But the sounds are numbered in the order of their names, so that
39 of them are ARPAbet's, unless a well-known word says otherwise.
"""

from collections.abc import Callable, Sequence

from edge_asr.errors import ModelError

ARPABET = (
    *("AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY"),
    *("JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH"),
)
_SAID = {"father": "F AA DH ER", "cheese": "CH IY Z", "ping": "P IH NG", "toy": "T OY", "hood": "HH UH D", "we": "W IY"}


def names_of(sounds: Sequence[int], ways: Callable[[str], Sequence[Sequence[int]]]) -> dict[str, int]:
    """Name of each sound, given in order; none where they are not ARPAbet's. `ways`: how a word is said, in sounds."""
    if len(sounds) != len(ARPABET):
        return {}
    number = dict(zip(ARPABET, sounds, strict=True))
    said = {word: [number[name] for name in names.split()] for word, names in _SAID.items()}
    known = {word: [list(way) for way in ways(word)] for word in said}
    right = any(known.values()) and all(said[word] in found for word, found in known.items() if found)
    return number if right else {}


def spelled(text: str, number: dict[str, int]) -> list[int]:
    """Sounds of names like `R UW1 M B AH0`; what stress they have is of no account. Raises ModelError."""
    if not number:
        raise ModelError(f"/{text}/: the phones of this model have no names; write known words that sound so")
    names = [name.rstrip("012") for name in text.upper().split()]
    wrong = [name for name, bare in zip(text.split(), names, strict=True) if bare not in number]
    if wrong or not names:
        what = f"{wrong[0]!r} is no phone" if wrong else "there are no phones"
        raise ModelError(f"/{text}/: {what}; expected some of {' '.join(number)}")
    return [number[name] for name in names]
