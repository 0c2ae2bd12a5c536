"""Whether a block of audio holds a voice."""

from typing import Protocol

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from edge_asr.audio.chunk import Samples
from edge_asr.audio.slow_gain import SlowGain
from edge_asr.sensitivity import Thresholds

LATEST_MS = 400  # so much later than asked may an answer come; who waits for less silence needs it at once
_INT16_MIN, _INT16_MAX = np.float32(-32768), np.float32(32767)


class Vad(Protocol):
    """Voice activity, block by block; keeps its own short memory. One thread."""

    def voiced(self, block: Samples, *, later: bool = False) -> bool:
        """Decide for int16 samples of shape (n,), 10, 20 or 30 ms of them.

        With `later` what is no voice may be taken for one at first; `unvoiced_samples` puts that right, `LATEST_MS`
        later at most or as soon as this one hears a pause.
        """
        ...

    @property
    def unvoiced_samples(self) -> int:
        """How much of the newest is known to hold no voice: after a no that came late, more than its block. Else 0."""
        ...

    def reset(self) -> None:
        """What comes next does not follow what came: forget the sounds; the microphone's level may be kept."""
        ...

    def tune(self, thresholds: Thresholds) -> None:
        """Decide by these from the next block on; what was heard is not forgotten."""
        ...


class LevelledVad(Protocol):
    """One that can share what a `SlowGain` has made of a block."""

    def decides(self, block: Samples, centred: NDArray[np.float32], gain: float) -> bool:
        """As `Vad.voiced`, of a block and what the slow gain makes of it: float32 (n,) and the gain."""
        ...

    def reset(self) -> None:
        """See `Vad`."""
        ...

    def tune(self, thresholds: Thresholds) -> None:
        """See `Vad`."""
        ...


class WebRtcVad:
    """The WebRTC project's Gaussian-mixture detector (package webrtcvad), hearing at a normalized level.

    The detector has fixed energy thresholds and is deaf to a microphone with low gain, so each block is raised towards
    a usual level by a slow gain. Measured on quiet recordings (peak -49 dBFS): WER 23.6 % without it, 17.5 % with it,
    and no more words in noise; 2252 quiet words (peak -46 dBFS) with an offset of 300: 31.1 % with the offset left in
    the level, 25.8 % without.
    """

    def __init__(self, mode: int, sample_rate_hz: int, max_gain_db: float) -> None:
        self._vad = webrtcvad.Vad(mode)
        self._sample_rate_hz = sample_rate_hz
        self._gain = SlowGain(sample_rate_hz, max_gain_db)

    def voiced(self, block: Samples, *, later: bool = False) -> bool:  # noqa: ARG002 - it knows at once
        """Decide for one block of 10, 20 or 30 ms."""
        return self.decides(block, *self._gain.step(block))

    @property
    def unvoiced_samples(self) -> int:
        """Nothing comes late."""
        return 0

    def decides(self, block: Samples, centred: NDArray[np.float32], gain: float) -> bool:
        """See `LevelledVad`."""
        if gain > 1.0:
            raised = centred * np.float32(gain)
            block = np.minimum(np.maximum(raised, _INT16_MIN, out=raised), _INT16_MAX, out=raised).astype(np.int16)
        return bool(self._vad.is_speech(block.tobytes(), self._sample_rate_hz))

    def reset(self) -> None:
        """Nothing to forget: its model is of the room's noise."""

    def tune(self, thresholds: Thresholds) -> None:
        """Take another mode, which keeps the model."""
        self._vad.set_mode(thresholds.vad_mode)
