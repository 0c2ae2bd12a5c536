"""Frames do not depend on how the audio is cut, and are there exactly when the library has them."""

import kaldi_native_fbank as knf
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.asr.zipformer.fbank import FbankStream

RATE_HZ, BINS = 16_000, 80
NOISE = np.random.default_rng(3).integers(-9000, 9000, 6000).astype(np.int16)


def reference(samples: int) -> tuple[int, int]:
    """How many frames the library has of so many samples, before and after the end is known."""
    options = knf.FbankOptions()
    options.frame_opts.snip_edges = False
    fbank = knf.OnlineFbank(options)
    fbank.accept_waveform(RATE_HZ, [0.0] * samples)
    before = fbank.num_frames_ready
    fbank.input_finished()
    return before, fbank.num_frames_ready


@given(samples=st.integers(1, 6000))
@settings(deadline=None)
def test_frames_are_there_when_the_library_has_them(samples: int) -> None:
    before, after = reference(samples)
    fbank = FbankStream(RATE_HZ, BINS)
    fbank.accept(NOISE[:samples])
    assert not fbank.has(before + 1)
    assert before == 0 or fbank.has(before)
    fbank.finish()
    assert not fbank.has(after + 1)
    assert after == 0 or fbank.has(after)


@given(cuts=st.lists(st.integers(0, len(NOISE)), max_size=5))
@settings(deadline=None)
def test_any_cutting_gives_the_same_frames(cuts: list[int]) -> None:
    whole, pieces = FbankStream(RATE_HZ, BINS), FbankStream(RATE_HZ, BINS)
    whole.accept(NOISE)
    for piece in np.split(NOISE, sorted(cuts)):
        pieces.accept(piece)
        if pieces.has(1):
            pieces.frames(0, 1)
    assert np.array_equal(whole.frames(0, 20), pieces.frames(0, 20))
    assert np.array_equal(whole.frames(7, 13), pieces.frames(7, 13))


def test_a_gain_is_a_gain() -> None:
    plain, raised = FbankStream(RATE_HZ, BINS), FbankStream(RATE_HZ, BINS, gain=2.0)
    plain.accept(NOISE // 2 * 2)
    raised.accept(NOISE // 2)
    assert np.array_equal(plain.frames(0, 30), raised.frames(0, 30))
