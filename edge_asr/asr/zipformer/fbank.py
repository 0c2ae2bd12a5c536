"""Log mel energies of one utterance, by the field's reference implementation (kaldi-native-fbank)."""

from typing import Any

import kaldi_native_fbank as knf
import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.01
_FULL_SCALE = np.float32(32768.0)
_HIGHEST_HZ = -400.0  # below half the rate


class FbankStream:
    """Frames as zipformers are trained on them: samples in -1..1, no dither, frames begin before the first sample.

    A frame appears when its whole window has been heard, so the frames do not depend on how the audio is cut.
    """

    def __init__(self, sample_rate_hz: int, mel_bins: int, gain: float = 1.0) -> None:
        options = knf.FbankOptions()
        options.frame_opts.samp_freq = sample_rate_hz
        options.frame_opts.dither = 0.0
        options.frame_opts.snip_edges = False
        options.mel_opts.num_bins = mel_bins
        options.mel_opts.high_freq = _HIGHEST_HZ
        self._rate_hz = sample_rate_hz
        self._bins = mel_bins
        self._scale = np.float32(gain) / _FULL_SCALE
        self._hop_samples = round(FRAME_S * sample_rate_hz)
        self._reach_samples: int = self._hop_samples // 2 + round(
            options.frame_opts.frame_length_ms * sample_rate_hz / 2000
        )
        self._fbank: Any = knf.OnlineFbank(options)
        self._waiting: list[NDArray[np.int16]] = []  # given to the library all at once, when frames are wanted
        self._samples = 0
        self._finished = False
        self._forgotten = 0

    def accept(self, samples: NDArray[np.int16]) -> None:
        """Take int16 samples of shape (n,)."""
        self._waiting.append(samples)
        self._samples += len(samples)

    def finish(self) -> None:
        """Make the last frames, of windows that reach beyond the end."""
        self._feed()
        self._fbank.input_finished()
        self._finished = True

    def has(self, count: int) -> bool:
        """Whether there are the utterance's first `count` frames, at least one."""
        if self._finished:
            return count <= int(self._fbank.num_frames_ready)
        return self._samples >= (count - 1) * self._hop_samples + self._reach_samples

    def frames(self, begin: int, count: int) -> NDArray[np.float32]:
        """Frames float32 (count, mel_bins) from the one numbered `begin`; those before it are forgotten."""
        self._feed()
        self._fbank.pop(begin - self._forgotten)
        self._forgotten = begin
        taken = np.empty((count, self._bins), np.float32)
        for index in range(count):
            taken[index] = self._fbank.get_frame(begin + index)
        return taken

    def _feed(self) -> None:
        if self._waiting:
            samples = np.concatenate(self._waiting)
            self._fbank.accept_waveform(self._rate_hz, (samples * self._scale).data)  # a list costs more
            self._waiting.clear()
