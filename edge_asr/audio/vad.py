"""Whether a block of audio holds a voice."""

from typing import Protocol

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from edge_asr.audio.chunk import Samples

_USUAL_RMS = 1500.0  # int16 scale: -27 dBFS, a voice at a usual distance
_LEVEL_HALF_LIFE_S = 10.0
_OFFSET_HALF_LIFE_S = 1.0
_INT16_MIN, _INT16_MAX = -32768, 32767


class Vad(Protocol):
    """Voice activity, block by block; keeps its own short memory. One thread."""

    def voiced(self, block: Samples) -> bool:
        """Decide for int16 samples of shape (n,), 10, 20 or 30 ms of them."""
        ...


class WebRtcVad:
    """The WebRTC project's Gaussian-mixture detector (package webrtcvad), hearing at a normalized level.

    The detector has fixed energy thresholds and is deaf to a microphone with low gain. So each block is raised towards
    a usual level by a slow gain: it follows the loudest blocks at once and forgets them with a half-life. Only the
    detector hears the gain, the recognizer never does. Measured on quiet recordings (peak -49 dBFS): WER 23.6 % without
    it, 17.5 % with it, and no more words in noise. The level counts around a slow mean of
    the samples, as that of level.py: 2252 quiet words (peak -46 dBFS) with an offset of 300 had WER 31.1 % before and
    25.8 % with that.
    """

    def __init__(self, mode: int, sample_rate_hz: int, max_gain_db: float) -> None:
        self._vad = webrtcvad.Vad(mode)
        self._sample_rate_hz = sample_rate_hz
        self._max_gain = 10.0 ** (max_gain_db / 20.0)
        self._level = 0.0  # RMS of the loudest blocks, decaying
        self._offset: float | None = None  # slow mean of the samples: cheap microphones have one

    def voiced(self, block: Samples) -> bool:
        """Decide for one block of 10, 20 or 30 ms."""
        raised = self._without_offset(block)
        rms = float(np.sqrt(np.dot(raised, raised) / len(raised)))
        decay = 0.5 ** (len(block) / self._sample_rate_hz / _LEVEL_HALF_LIFE_S)
        self._level = max(self._level * decay, rms)
        gain = min(self._max_gain, _USUAL_RMS / max(self._level, 1.0))
        if gain > 1.0:
            block = np.clip(raised * gain, _INT16_MIN, _INT16_MAX).astype(np.int16)
        return bool(self._vad.is_speech(block.tobytes(), self._sample_rate_hz))

    def _without_offset(self, block: Samples) -> NDArray[np.float32]:
        """Float samples around zero: an offset would pass for loudness, and the gain would make clipping of it."""
        mean = float(block.mean())
        if self._offset is None:
            self._offset = mean
        share = 0.5 ** (len(block) / self._sample_rate_hz / _OFFSET_HALF_LIFE_S)
        self._offset = self._offset * share + mean * (1.0 - share)
        return block.astype(np.float32) - np.float32(self._offset)
