"""Where exactly an utterance begins: at a sample that the sound itself picks.

Frames, subsampled outputs and chunks are counted from the first sample of an utterance. If that sample lay on the grid
of capture, the same speech would fall differently between frames each time, and words that are nearly a tie would
change. So the start is content-defined, as chunks of a deduplicating backup are: of all places in a short stretch, the
one whose few samples have the smallest hash. A stretch that begins a little earlier or later nearly always picks the
same place; so the same speech gives the same text, live and from a file.
"""

import numpy as np
from numpy.typing import NDArray

from edge_asr.audio.chunk import Samples

_WINDOW = 4  # samples that are hashed together
_MULTIPLIERS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F)  # odd, from the golden ratio and xxHash


def anchor(samples: Samples, begin: int, end: int, silence: int) -> int:
    """Index in [`begin`, `end`) of int16 `samples` (n,) that the sound picks.

    Digital silence has no content to pick by: where the stretch is nothing else, the place lies `silence` samples
    before the first that is not zero, but not before `begin` (or is the last of all, when there is none). That first
    sample may be speech already, as behind a microphone that mutes itself in pauses, and a network that begins with
    speech mistakes its first word: of 152 recordings cut tight 65 lost it without silence before it, and 16 with.
    """
    sounding = np.flatnonzero(samples[begin : end + _WINDOW - 1])
    if not len(sounding):
        later = np.flatnonzero(samples[begin:])
        return max(begin, begin + int(later[0]) - silence) if len(later) else len(samples) - 1
    first = begin + int(sounding[0])
    return first + int(np.argmin(_hashes(samples[first : max(end, first + 1) + _WINDOW - 1])))


def _hashes(samples: Samples) -> NDArray[np.uint32]:
    """Hash of each run of _WINDOW samples; runs that reach over the end are left out, but never all of them."""
    values = samples.astype(np.uint32)
    if len(values) < _WINDOW:
        values = np.concatenate([values, np.zeros(_WINDOW - len(values), np.uint32)])
    count = len(values) - _WINDOW + 1
    mixed = np.zeros(count, np.uint32)
    for shift, multiplier in enumerate(_MULTIPLIERS):
        mixed ^= values[shift : shift + count] * np.uint32(multiplier)
        mixed = (mixed ^ (mixed >> np.uint32(15))) * np.uint32(_MULTIPLIERS[0])
    return mixed
