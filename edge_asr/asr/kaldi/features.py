"""MFCC frames of one utterance, as they become known."""

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.mfcc import Mfcc

Frames = NDArray[np.float32]
_GROWTH_FRAMES = 512
_DITHER = np.random.default_rng(1).standard_normal(1 << 16, np.float32)  # 4 s, then again
_DITHER_TWICE = np.concatenate([_DITHER, _DITHER])  # so that what begins anywhere in it is in one piece


class MfccStream:
    """Frames of one utterance, kept from its first to its last.

    Samples enter on int16 scale, as Kaldi's models were trained, and with the dither they were trained with: noise of
    one unit. Without it digital silence lies far outside of what the network knows, and words around it are lost or
    invented. The noise is a fixed sequence from the first sample of the utterance, so the same audio gives the same
    frames. A frame appears when its whole window has been heard (snip edges).
    """

    def __init__(self, mfcc: Mfcc, gain: float = 1.0) -> None:
        self._mfcc = mfcc
        self._gain = np.float32(gain)
        self._rest: NDArray[np.float32] = np.empty(0, np.float32)  # samples from the next window's first on
        self._frames: Frames = np.empty((_GROWTH_FRAMES, mfcc.ceps), np.float32)
        self._samples = 0
        self.count = 0

    def accept(self, samples: NDArray[np.int16]) -> None:
        """Take int16 samples of shape (n,); new frames are in `frames` when this returns."""
        self._rest = np.concatenate([self._rest, samples * self._gain + self._dither(len(samples))])
        self._samples += len(samples)
        if len(self._rest) < self._mfcc.window_samples:
            return
        fresh = self._mfcc.frames(self._rest)
        self._rest = self._rest[len(fresh) * self._mfcc.hop_samples :]
        ready = self.count + len(fresh)
        if ready > len(self._frames):
            room = np.empty((ready + _GROWTH_FRAMES, self._frames.shape[1]), np.float32)
            room[: self.count] = self._frames[: self.count]
            self._frames = room
        self._frames[self.count : ready] = fresh
        self.count = ready

    def _dither(self, count: int) -> NDArray[np.float32]:
        """That of the next `count` samples."""
        begin = self._samples % len(_DITHER)
        if count <= len(_DITHER):
            return _DITHER_TWICE[begin : begin + count]
        return np.resize(_DITHER_TWICE[begin : begin + len(_DITHER)], count)

    @property
    def frames(self) -> Frames:
        """All frames so far: float32 (count, ceps), a view."""
        return self._frames[: self.count]
