"""The slow gain against its rules written out, for blocks of any length."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.audio.slow_gain import SlowGain

RATE_HZ = 16_000


@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from([160, 320, 480]), min_size=1, max_size=30))
def test_equal_to_the_rules_written_out(seed: int, lengths: list[int]) -> None:
    rng = np.random.default_rng(seed)
    slow, offset, level = SlowGain(RATE_HZ, 24.0), 0.0, 0.0
    for number, length in enumerate(lengths):
        block = (rng.normal(0, rng.choice([3, 300, 3000]), length) + rng.choice([-500, 0, 900])).astype(np.int16)
        share = 0.5 ** (length / RATE_HZ / 1.0)
        mean = block.astype(np.float64).mean()
        offset = mean if not number else offset * share + mean * (1 - share)
        centred = block - offset
        level = max(level * 0.5 ** (length / RATE_HZ / 10.0), float(np.sqrt((centred**2).mean())))
        samples, gain = slow.step(block)
        assert samples == pytest.approx(centred, abs=0.1)
        assert samples.dtype == np.float32
        assert gain == pytest.approx(min(10 ** (24 / 20), max(1.0, 1500 / max(level, 1.0))), rel=1e-4)
