"""The gate: lets speech through to the recognizer, with what came just before it.

Onset: enough voiced time within a short window. What passes then begins about `pre_roll` before the first voiced block
of that window, so the first word is whole; `anchor` says where exactly. Hangover: so much unvoiced time closes the gate
again. It may be held open for some time, voice or not: then somebody has said that they are about to speak. What has
passed and holds no word may be pre-roll once more, so that what follows closely has as much before it.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from edge_asr.audio.anchor import anchor
from edge_asr.audio.chunk import Samples
from edge_asr.audio.vad import LATEST_MS, Vad
from edge_asr.config import GateConfig
from edge_asr.sensitivity import Thresholds, thresholds

BLOCK_MS = 20
_ANCHOR_MS = 160  # the start is picked within so much of the nominal pre-roll, either way


@dataclass(frozen=True, slots=True)
class GateStep:
    """What one block did. `passed`: int16 samples (n,) for the recognizer, none while the gate stays closed.

    With `opened`, `passed` holds the pre-roll too, and the first voiced block begins at `passed[onset_sample]`.
    """

    passed: Samples
    opened: bool = False
    closed: bool = False
    onset_sample: int = 0


_NOTHING = GateStep(np.empty(0, np.int16))


class Gate:
    """Open or closed. One stream, one thread."""

    def __init__(self, config: GateConfig, hangover_ms: int, vad: Vad, block_samples: int) -> None:
        self._vad = vad
        self._block_samples = block_samples
        self._window_blocks = max(1, config.onset_window_ms // BLOCK_MS)
        self._onset_blocks = self._blocks_of(thresholds(config, config.sensitivity))
        self._pre_roll_blocks = config.pre_roll_ms // BLOCK_MS
        self._hangover_blocks = max(1, hangover_ms // BLOCK_MS)
        self._may_wait = hangover_ms >= LATEST_MS
        self._anchor_blocks = min(_ANCHOR_MS // BLOCK_MS, self._pre_roll_blocks)
        kept_blocks = self._pre_roll_blocks + self._anchor_blocks + self._window_blocks
        self._kept: deque[tuple[Samples, bool]] = deque(maxlen=kept_blocks)
        self._open = False
        self._held_blocks = 0  # for so many more it stays open, whatever the detector says
        self.unvoiced_blocks = 0  # the run of unvoiced blocks up to now
        self.voiced_blocks = 0  # and that of voiced ones

    def step(self, block: Samples) -> GateStep:
        """Take one block of BLOCK_MS; a shorter one, the last of a stream, counts as unvoiced."""
        voice = len(block) == self._block_samples and self._vad.voiced(block, later=self._open and self._may_wait)
        late_blocks = self._vad.unvoiced_samples // self._block_samples
        self.unvoiced_blocks = 0 if voice else max(self.unvoiced_blocks + 1, late_blocks)
        self.voiced_blocks = self.voiced_blocks + 1 if voice else 0
        self._kept.append((block, voice))
        if self._open:
            if self._held_blocks:
                self._held_blocks -= 1
            elif self.unvoiced_blocks >= self._hangover_blocks:
                self.shut(self.unvoiced_blocks)
                return GateStep(block, closed=True)
            return GateStep(block)
        if self._held_blocks:
            self._held_blocks -= 1
            return self._let_in()
        return self._try_onset()

    @property
    def held(self) -> bool:
        """Whether it is held open."""
        return self._held_blocks > 0

    def hold(self, blocks: int) -> None:
        """Be open for so many blocks, from the next one on, without waiting for a voice; `shut` ends that too."""
        self._held_blocks = blocks

    def shut(self, again_blocks: int = 0) -> None:
        """Close it. The last blocks that passed, so many and all without words, may be pre-roll of what comes next.

        None of them counts for a new onset. Without them a word that follows at once would have nothing before it.
        """
        self._open = False
        self._held_blocks = 0
        again = [block for block, _ in self._kept][len(self._kept) - min(again_blocks, len(self._kept)) :]
        self._kept.clear()
        self._kept.extend((block, False) for block in again)
        self._vad.reset()

    def tune(self, now: Thresholds) -> None:
        """Go by these from the next block on, and the detector too."""
        self._vad.tune(now)
        self._onset_blocks = self._blocks_of(now)

    def _let_in(self) -> GateStep:
        """Open now, with the pre-roll: who presses a button may begin to speak at once."""
        samples = np.concatenate([block for block, _ in self._kept])
        onset = len(samples) - len(self._kept[-1][0])
        begin = max(0, onset - self._pre_roll_blocks * self._block_samples)
        self._open = True
        return GateStep(samples[begin:], opened=True, onset_sample=onset - begin)

    def _blocks_of(self, now: Thresholds) -> int:
        return min(self._window_blocks, max(1, now.onset_ms // BLOCK_MS))

    def _try_onset(self) -> GateStep:
        window_begin = max(0, len(self._kept) - self._window_blocks)
        voiced = [index for index, (_, voice) in enumerate(self._kept) if voice and index >= window_begin]
        if len(voiced) < self._onset_blocks:
            return _NOTHING
        onset = voiced[0] * self._block_samples
        samples = np.concatenate([block for block, _ in self._kept])
        earliest = max(0, voiced[0] - self._pre_roll_blocks - self._anchor_blocks) * self._block_samples
        latest = (voiced[0] - self._pre_roll_blocks + self._anchor_blocks) * self._block_samples
        silence = 2 * self._anchor_blocks * self._block_samples
        begin = anchor(samples, earliest, latest, silence) if latest > earliest else earliest
        self._open = True
        return GateStep(samples[begin:], opened=True, onset_sample=max(0, onset - begin))
