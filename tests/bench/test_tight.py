"""Recordings cut to their speech, placed in a room and joined without a breath."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.bench.tight import in_room, tight, without_pauses
from tests.fakes import RATE_HZ, hush, tone


def join(*parts: NDArray[np.int16]) -> NDArray[np.int16]:
    return np.concatenate(parts)


def longest_lull(samples: NDArray[np.int16]) -> float:
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 500)
    return float(np.diff(loud).max()) / RATE_HZ


def test_nothing_is_left_before_the_first_sound_and_behind_the_last_one() -> None:
    speech = join(tone(0.5), hush(0.4), tone(0.3))
    assert np.array_equal(tight(join(hush(0.7), speech, hush(1.2)), RATE_HZ), speech)
    assert np.array_equal(tight(speech, RATE_HZ), speech)


def test_a_soft_beginning_belongs_to_it_and_a_hum_does_not() -> None:
    soft, hum = tone(0.3, 600), tone(0.5, 200)  # 22 and 32 dB below
    assert np.array_equal(tight(join(hum, soft, tone(1.0), hum), RATE_HZ), join(soft, tone(1.0)))


@pytest.mark.parametrize("samples", [hush(0), hush(1), tone(0.02)])
def test_without_a_word_nothing_is_left(samples: NDArray[np.int16]) -> None:
    assert len(tight(samples, RATE_HZ)) == 0


def test_a_room_is_silent_or_murmurs_below_the_speech() -> None:
    silent, murmuring = (in_room(tone(1.0), RATE_HZ, noise=noise) for noise in (False, True))
    assert len(silent) == len(murmuring) == 4.5 * RATE_HZ
    assert not silent[: RATE_HZ * 3 // 2].any()
    assert np.array_equal(silent[24_000:40_000], tone(1.0))
    assert not silent[40_000:].any()
    before = murmuring[:24_000].astype(float)
    assert np.sqrt(np.mean(before**2)) == pytest.approx(8000 * 10 ** (-30 / 20), rel=0.2)
    assert np.array_equal(murmuring, in_room(tone(1.0), RATE_HZ, noise=True))


def test_joined_no_pause_is_longer_and_no_recording_louder() -> None:
    one = join(hush(1.0), tone(0.5), hush(0.9), tone(0.5, 4000), hush(0.1), tone(0.5, 4000), hush(0.5))
    other = join(tone(1.0, 500), hush(0.3))
    joined = without_pauses([one, other], RATE_HZ, 0.3)
    assert longest_lull(joined) == pytest.approx(0.3, abs=0.011)
    assert len(joined) / RATE_HZ == pytest.approx(1.5 + 0.3 + 0.1 + 0.3 + 1.0, abs=0.02)
    assert np.abs(joined[-RATE_HZ:].astype(np.int32)).max() == pytest.approx(1500, abs=2)
