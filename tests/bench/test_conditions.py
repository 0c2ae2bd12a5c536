"""Every recording in every noise at every distance, and none of them by chance."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.bench.conditions import AS_RECORDED, Condition, Conditions
from edge_asr.clock import SystemClock
from edge_asr.errors import EdgeAsrError
from tests.fakes import RATE_HZ, hush, tone


@pytest.fixture
def noises(tmp_path: Path) -> Path:
    for seed, name in enumerate(("hiss", "hum")):
        noise = np.random.default_rng(seed).normal(0, 900, 11 * RATE_HZ).astype(np.int16)
        soundfile.write(tmp_path / f"{name}.wav", noise, RATE_HZ)
    return tmp_path


def test_without_noise_there_is_the_recording() -> None:
    conditions = Conditions(None, (20, 0), RATE_HZ, SystemClock())
    [(condition, samples)] = conditions.of(hush(1.0), RATE_HZ, "a.flac")
    assert (len(conditions), condition) == (1, AS_RECORDED)
    assert (samples == hush(1.0)).all()


def test_each_noise_at_each_distance_comes_after_it(noises: Path) -> None:
    conditions = Conditions(noises, (20, 0), RATE_HZ, SystemClock())
    heard = dict(conditions.of(tone(2.0, 3000), RATE_HZ, "a.flac"))
    wanted = [AS_RECORDED, *(Condition(name, snr_db) for snr_db in (20, 0) for name in ("hiss", "hum"))]
    assert list(heard) == wanted
    assert len(conditions) == 5
    added = [samples.astype(int) - tone(2.0, 3000) for samples in heard.values()]
    assert not added[0].any()
    assert len({one.tobytes() for one in added}) == 5
    levels = [float(np.sqrt((one**2).mean())) for one in added[1:]]
    assert levels == pytest.approx([300, 300, 3000, 3000], rel=0.05)


def test_recordings_lie_behind_each_other_in_the_noise_and_a_second_run_is_the_same(noises: Path) -> None:
    def run() -> list[np.ndarray]:
        conditions = Conditions(noises, (0,), RATE_HZ, SystemClock())
        return [dict(conditions.of(tone(1.0), RATE_HZ, "a"))[Condition("hum", 0)] for _ in range(12)]

    first = run()
    assert len({samples.tobytes() for samples in first[:11]}) == 11
    assert (first[11] == first[0]).all()  # the noise lasts 11 s
    assert all((one == other).all() for one, other in zip(first, run(), strict=True))


def test_a_recording_of_another_rate_has_the_noise_at_that_rate(noises: Path) -> None:
    conditions = Conditions(noises, (0,), RATE_HZ, SystemClock())
    slow = tone(4.0)[: 8000 * 4]
    mixture = dict(conditions.of(slow, 8000, "a"))[Condition("hiss", 0)]
    spectrum = np.abs(np.fft.rfft((mixture.astype(float) - slow)[:8000]))
    assert spectrum[3000:3600].mean() > 0.5 * spectrum[500:3000].mean()  # up to its own half rate


def test_a_silent_recording_is_named(noises: Path) -> None:
    conditions = Conditions(noises, (0,), RATE_HZ, SystemClock())
    with pytest.raises(EdgeAsrError, match=r"^set/a.flac: a recording of speech is silent; take it out$"):
        list(conditions.of(hush(1.0), RATE_HZ, "set/a.flac"))


def test_a_folder_without_noise_is_refused_before_anything_is_heard(tmp_path: Path) -> None:
    with pytest.raises(EdgeAsrError, match="no recording of 10 s or more"):
        Conditions(tmp_path, (0,), RATE_HZ, SystemClock())
