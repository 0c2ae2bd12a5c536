"""Where somebody speaks, by loudness."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.moonshine.loudness import Loudness
from tests.fakes import RATE_HZ, hush, tone


def heard(*pieces: NDArray[np.int16]) -> Loudness:
    samples = np.concatenate(pieces)
    loudness = Loudness(RATE_HZ)
    for at in range(0, len(samples), loudness.block_samples):
        loudness.accept(samples[at : at + loudness.block_samples])
    return loudness


def test_it_reaches_from_the_first_loud_block_to_the_last() -> None:
    assert heard(hush(1), tone(0.5), hush(1), tone(0.2), hush(1)).extent() == (50, 135)
    assert heard(hush(3)).extent() is None
    assert Loudness(RATE_HZ).extent() is None


def test_an_offset_and_steady_noise_are_no_voice_and_what_stands_out_of_them_is() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(900, 300, 3 * RATE_HZ).astype(np.int16)
    assert heard(noise).extent() is None
    extent = heard(noise, noise[:RATE_HZ] + tone(1, 2000), noise).extent()
    assert extent == (150, 200)


def test_a_click_is_no_voice() -> None:
    assert heard(hush(1), tone(0.02), hush(1)).extent() is None


def test_a_murmur_far_below_the_loudest_is_none_and_was_one_before() -> None:
    murmur = tone(0.5, 100)
    assert heard(hush(1), murmur).extent() == (50, 75)
    assert heard(hush(1), murmur, hush(0.5), tone(0.5, 8000)).extent() == (100, 125)


@pytest.mark.parametrize(("gap_s", "closed"), [(0.18, True), (0.2, False)])
def test_short_gaps_are_within_words(gap_s: float, closed: bool) -> None:
    voiced = heard(hush(1), tone(0.5), hush(gap_s), tone(0.5), hush(1)).voiced()
    assert voiced[75:76].all() is np.bool_(closed)
    assert not voiced[:50].any()
    assert voiced[50:75].all()


def test_it_grows_with_the_utterance() -> None:
    loudness = heard(hush(1), tone(30), hush(1))
    assert loudness.extent() == (50, 1550)
    assert int(loudness.voiced().sum()) == 1500
