"""Frames are those of the field's reference, however the samples came."""

import kaldi_native_fbank as knf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.asr.kaldi.features import MfccStream
from edge_asr.asr.kaldi.mfcc import Mfcc
from edge_asr.asr.manifest import Features

FEATURES = Features(mel_bins=40, ceps=40, low_hz=20.0, high_hz=7600.0, frame_shift_ms=10.0, frame_length_ms=25.0)
SAMPLES = np.random.default_rng(9).normal(0, 2000, 40_000).astype(np.int16)


def reference(samples: np.ndarray, features: Features = FEATURES) -> np.ndarray:
    options = knf.MfccOptions()
    frames, mel = options.frame_opts, options.mel_opts
    frames.samp_freq, frames.dither = 16_000, 0
    frames.frame_shift_ms, frames.frame_length_ms = features.frame_shift_ms, features.frame_length_ms
    mel.num_bins, mel.low_freq, mel.high_freq = features.mel_bins, features.low_hz, features.high_hz
    options.num_ceps, options.use_energy = features.ceps, False
    mfcc = knf.OnlineMfcc(options)
    dither = np.random.default_rng(1).standard_normal(65_536, np.float32)
    mfcc.accept_waveform(16_000, (samples + dither[: len(samples)]).tolist())
    return np.stack([mfcc.get_frame(at) for at in range(mfcc.num_frames_ready)])


@given(st.lists(st.integers(0, 9000), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_equal_to_one_call_of_the_reference(sizes: list[int]) -> None:
    stream, at = MfccStream(Mfcc(FEATURES, 16_000)), 0
    for size in sizes:
        stream.accept(SAMPLES[at : at + size])
        at += size
    fed = SAMPLES[:at]
    if len(fed) < 400:
        assert stream.count == 0
        return
    expected = reference(fed)
    assert stream.count == len(expected) == 1 + (len(fed) - 400) // 160
    assert stream.frames == pytest.approx(expected, rel=1e-4, abs=2e-3)  # of cepstra that reach a hundred


@pytest.mark.parametrize(
    "features",
    [
        Features(mel_bins=23, ceps=13, low_hz=20.0, high_hz=3800.0, frame_shift_ms=10.0, frame_length_ms=25.0),
        Features(mel_bins=80, ceps=30, low_hz=0.0, high_hz=8000.0, frame_shift_ms=12.5, frame_length_ms=32.0),
    ],
)
@pytest.mark.parametrize("loud", [1.0, 0.001])
def test_other_features_are_those_of_the_reference_too(features: Features, loud: float) -> None:
    samples = (SAMPLES[:20_000] * loud).astype(np.int16)
    stream = MfccStream(Mfcc(features, 16_000))
    stream.accept(samples)
    expected = reference(samples, features)
    assert stream.frames.shape == expected.shape
    assert stream.frames == pytest.approx(expected, rel=1e-4, abs=2e-3)
