"""Times for the words of a model that has none: estimates, by the lengths of the words.

The words share the voiced time between them, each by its letters and one more. Measured against the word times of the
Kaldi family, 647 words that both have: half of them begin within 0.14 s of those, nine in ten within 0.5 s.
"""

from collections.abc import Sequence

import numpy as np

from edge_asr.asr.align import normalized
from edge_asr.asr.moonshine.loudness import BLOCK_MS, Mask
from edge_asr.asr.rescorer import SpokenWord
from edge_asr.asr.result import Word

_BLOCK_S = BLOCK_MS / 1000


def estimated(words: Sequence[SpokenWord], voiced: Mask) -> tuple[Word, ...]:
    """Words with times in seconds, from the first voiced block (blocks,) to the last; nothing voiced: all of it is.

    Each begins where the one before it ends or, behind a pause, later.
    """
    blocks = np.flatnonzero(voiced) if voiced.any() else np.arange(max(1, len(voiced)))
    lengths = np.array([len(normalized(word.word)) + 1 for word in words], np.float64)
    bounds = np.concatenate([[0.0], np.cumsum(lengths)]) / max(1.0, lengths.sum()) * len(blocks)
    firsts = np.minimum(bounds.astype(int), len(blocks) - 1)
    lasts = np.maximum(np.ceil(bounds).astype(int) - 1, 0)
    starts_s = (blocks[firsts] + bounds - firsts) * _BLOCK_S
    ends_s = (blocks[lasts] + bounds - lasts) * _BLOCK_S
    return tuple(
        Word(word.word, float(start_s), float(end_s), word.confidence)
        for word, start_s, end_s in zip(words, starts_s[:-1], ends_s[1:], strict=True)
    )
