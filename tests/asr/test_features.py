"""Frames do not depend on how the samples came."""

import kaldi_native_fbank as knf
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.asr.features import MfccStream
from edge_asr.asr.manifest import Features

FEATURES = Features(mel_bins=40, ceps=40, low_hz=20.0, high_hz=7600.0, frame_shift_ms=10.0, frame_length_ms=25.0)
SAMPLES = np.random.default_rng(9).normal(0, 2000, 40_000).astype(np.int16)


def reference(samples: np.ndarray) -> np.ndarray:
    options = knf.MfccOptions()
    options.frame_opts.samp_freq, options.frame_opts.dither = 16_000, 0
    options.mel_opts.num_bins, options.mel_opts.low_freq, options.mel_opts.high_freq = 40, 20, 7600
    options.num_ceps, options.use_energy = 40, False
    mfcc = knf.OnlineMfcc(options)
    dither = np.random.default_rng(1).standard_normal(65_536, np.float32)
    mfcc.accept_waveform(16_000, (samples + dither[: len(samples)]).tolist())
    return np.stack([mfcc.get_frame(at) for at in range(mfcc.num_frames_ready)])


@given(st.lists(st.integers(0, 9000), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_equal_to_one_call_of_the_library(sizes: list[int]) -> None:
    stream, at = MfccStream(FEATURES, 16_000), 0
    for size in sizes:
        stream.accept(SAMPLES[at : at + size])
        at += size
    fed = SAMPLES[:at]
    if len(fed) < 400:
        assert stream.count == 0
        return
    expected = reference(fed)
    assert stream.count == len(expected) == 1 + (len(fed) - 400) // 160
    assert (stream.frames == expected).all()
