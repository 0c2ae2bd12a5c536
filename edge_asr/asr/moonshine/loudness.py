"""Where in an utterance somebody speaks, by loudness alone: the model itself does not tell.

A block is loud when it stands out from what is quiet and is not far below the loudest. Quiet is the quietest tenth, or
the pre-roll where that is quieter: who speaks long without a pause is no noise. Both are known better as the utterance
goes on, so all of it is judged anew each time.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

BLOCK_MS = 20
_BELOW_LOUDEST_DB = 30.0
_ABOVE_QUIET_DB = 6.0
_QUIET_SHARE = 0.1
_PRE_ROLL_BLOCKS = 400 // BLOCK_MS  # less than there is
_CLOSED_GAP_MS = 200  # shorter ones are within words
_GROWTH_BLOCKS = 512

Mask = NDArray[np.bool_]


class Loudness:
    """Levels of one utterance's blocks. One thread."""

    def __init__(self, sample_rate_hz: int) -> None:
        self.block_samples = sample_rate_hz * BLOCK_MS // 1000
        self.blocks = 0
        self._levels_db = np.empty(_GROWTH_BLOCKS, np.float32)

    def accept(self, block: NDArray[np.int16]) -> None:
        """Take the next block of `block_samples` int16 samples."""
        if self.blocks == len(self._levels_db):
            self._levels_db = np.concatenate([self._levels_db, np.empty(_GROWTH_BLOCKS, np.float32)])
        power = np.var(block, dtype=np.float32)  # a microphone's offset is no loudness
        self._levels_db[self.blocks] = 10.0 * np.log10(power + 1.0)
        self.blocks += 1

    def extent(self) -> tuple[int, int] | None:
        """First loud block and the one after the last, None when there is none yet."""
        loud = np.flatnonzero(self._loud())
        return (int(loud[0]), int(loud[-1]) + 1) if len(loud) else None

    def voiced(self) -> Mask:
        """Whether each block so far (blocks,) is of a voice: loud ones, and the short gaps between them."""
        voiced = self._loud()
        loud = np.flatnonzero(voiced)
        for begin, end in itertools.pairwise(loud):
            if 1 < end - begin <= _CLOSED_GAP_MS // BLOCK_MS:
                voiced[begin:end] = True
        return voiced

    def _loud(self) -> Mask:
        """Whether each block is loud; one alone is a click and is not."""
        levels_db = self._levels_db[: self.blocks]
        if self.blocks < 2:
            return np.zeros(self.blocks, np.bool_)
        rank = int(self.blocks * _QUIET_SHARE)
        quiet_db = min(np.partition(levels_db, rank)[rank], np.median(levels_db[:_PRE_ROLL_BLOCKS]))
        loud = levels_db > max(quiet_db + _ABOVE_QUIET_DB, levels_db.max() - _BELOW_LOUDEST_DB)
        beside = np.zeros_like(loud)
        beside[1:] |= loud[:-1]
        beside[:-1] |= loud[1:]
        found: Mask = loud & beside
        return found
