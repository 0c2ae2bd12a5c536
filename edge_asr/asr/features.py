"""MFCC frames of one utterance, by the field's reference implementation (kaldi-native-fbank)."""

from typing import Any

import kaldi_native_fbank as knf
import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.manifest import Features

Frames = NDArray[np.float32]
_GROWTH_FRAMES = 512
_DITHER = np.random.default_rng(1).standard_normal(1 << 16, np.float32)  # 4 s, then again


class MfccStream:
    """Frames of one utterance, kept from its first to its last.

    Samples enter on int16 scale, as Kaldi's models were trained, and with the dither they were trained with: noise of
    one unit. Without it digital silence lies far outside of what the network knows, and words around it are lost or
    invented. The noise is a fixed sequence from the first sample of the utterance, so the same audio gives the same
    frames. A frame appears when its whole window has been heard (snip edges).
    """

    def __init__(self, features: Features, sample_rate_hz: int, gain: float = 1.0) -> None:
        options = knf.MfccOptions()
        options.frame_opts.samp_freq = sample_rate_hz
        options.frame_opts.dither = 0.0  # the library's own is random
        options.frame_opts.frame_shift_ms = features.frame_shift_ms
        options.frame_opts.frame_length_ms = features.frame_length_ms
        options.mel_opts.num_bins = features.mel_bins
        options.mel_opts.low_freq = features.low_hz
        options.mel_opts.high_freq = features.high_hz
        options.num_ceps = features.ceps
        options.use_energy = False
        self._rate_hz = sample_rate_hz
        self._gain = np.float32(gain)
        self._mfcc: Any = knf.OnlineMfcc(options)
        self._frames: Frames = np.empty((_GROWTH_FRAMES, features.ceps), np.float32)
        self._samples = 0
        self.count = 0

    def accept(self, samples: NDArray[np.int16]) -> None:
        """Take int16 samples of shape (n,); new frames are in `frames` when this returns."""
        dither = _DITHER[(self._samples + np.arange(len(samples))) % len(_DITHER)]
        self._samples += len(samples)
        self._mfcc.accept_waveform(self._rate_hz, (samples * self._gain + dither).tolist())
        ready = self._mfcc.num_frames_ready
        if ready > len(self._frames):
            room = np.empty((ready + _GROWTH_FRAMES, self._frames.shape[1]), np.float32)
            room[: self.count] = self._frames[: self.count]
            self._frames = room
        for index in range(self.count, ready):
            self._frames[index] = self._mfcc.get_frame(index)
        self._mfcc.pop(ready - self.count)
        self.count = ready

    @property
    def frames(self) -> Frames:
        """All frames so far: float32 (count, ceps), a view."""
        return self._frames[: self.count]
