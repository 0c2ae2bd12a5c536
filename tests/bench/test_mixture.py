"""Speech and noise are as far apart as was asked, and speech is told from pauses."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.bench.mixture import in_a_row, mixed, read_noises, read_samples, speech_in, with_noise
from edge_asr.clock import SystemClock
from edge_asr.errors import EdgeAsrError
from tests.fakes import RATE_HZ, hush, tone

PAUSE = 24_000


def spoken(amplitude: int = 8000) -> np.ndarray:
    return np.concatenate([hush(0.5), tone(1.0, amplitude), hush(0.5)])


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt((samples.astype(np.float64) ** 2).mean()))


def test_speech_is_what_is_loud_in_a_recording() -> None:
    voiced = speech_in(spoken().astype(np.float32), 320)
    assert voiced.sum() == RATE_HZ
    assert voiced[RATE_HZ // 2 : RATE_HZ * 3 // 2].all()
    assert len(speech_in(np.ones(100, np.float32), 320)) == 100


def test_recordings_follow_each_other_at_one_level_with_pauses() -> None:
    clean = in_a_row([spoken(8000), spoken(80)], RATE_HZ)
    assert len(clean.samples) == len(clean.speech) == 3 * PAUSE + 2 * 2 * RATE_HZ
    assert clean.speech.sum() == 2 * RATE_HZ
    assert abs(clean.samples[clean.speech]) == pytest.approx(1500.0, rel=0.01)
    assert (clean.samples[~clean.speech] == 0).all()


@pytest.mark.parametrize("snr_db", [20, 0])
def test_noise_is_so_far_below_and_everywhere(snr_db: int) -> None:
    clean = in_a_row([spoken()], RATE_HZ)
    noise = np.random.default_rng(1).normal(0, 300, 30_000).astype(np.int16)  # shorter than the stream
    stream = mixed(clean, noise, snr_db)
    assert 20 * np.log10(1500.0 / rms(stream[~clean.speech])) == pytest.approx(snr_db, abs=0.3)
    assert stream[:100].any()
    assert stream[-100:].any()
    assert stream.dtype == np.int16


def test_without_noise_it_stays_as_it_was() -> None:
    clean = in_a_row([spoken()], RATE_HZ)
    assert (mixed(clean, None, None) == np.rint(clean.samples)).all()


def test_a_silent_recording_is_refused() -> None:
    with pytest.raises(EdgeAsrError, match="is silent"):
        in_a_row([hush(1.0)], RATE_HZ)
    with pytest.raises(EdgeAsrError, match="is silent"):
        with_noise(hush(1.0), RATE_HZ, tone(10.0), 0)


@pytest.mark.parametrize(("amplitude", "snr_db"), [(4000, 0), (300, 10)])
def test_one_recording_keeps_its_level_and_its_length(amplitude: int, snr_db: int) -> None:
    noise = np.random.default_rng(2).normal(0, 2000, 9_000).astype(np.int16)
    mixture = with_noise(spoken(amplitude), RATE_HZ, noise, snr_db)
    assert mixture.dtype == np.int16
    assert len(mixture) == 2 * RATE_HZ
    left = mixture - spoken(amplitude)
    assert 20 * np.log10(amplitude / rms(left)) == pytest.approx(snr_db, abs=0.3)
    assert left[:100].any()


def test_what_would_be_clipped_is_lowered_whole() -> None:
    noise = np.random.default_rng(3).integers(-100, 100, 9_000).astype(np.int16)
    mixture = with_noise(spoken(30_000), RATE_HZ, noise, 0).astype(np.float64)
    assert abs(mixture).max() == 32767
    pause, speech = mixture[: RATE_HZ // 2], mixture[RATE_HZ // 2 : RATE_HZ * 3 // 2]
    assert rms(speech) / rms(pause) == pytest.approx(2**0.5, rel=0.03)  # as far apart as before
    assert (abs(speech) < 32767).mean() > 0.99


def test_the_noise_of_a_recording_begins_where_it_is_told_to() -> None:
    noise = np.concatenate([tone(1.0), hush(1.0)])
    late = with_noise(spoken(), RATE_HZ, noise, 0, begin=RATE_HZ)
    assert not late[: RATE_HZ // 2].any()
    assert with_noise(spoken(), RATE_HZ, noise, 0)[: RATE_HZ // 2].all()


def test_noises_are_the_long_sounds_of_a_folder_at_the_wanted_rate(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hum.wav", np.tile(tone(1.0), 6)[: 12 * 8000], 8000)
    soundfile.write(tmp_path / "clap.wav", tone(1.0), RATE_HZ)
    (tmp_path / "readme.txt").write_text("no sound")
    noises = read_noises(tmp_path, RATE_HZ, SystemClock())
    assert {name: len(noise) for name, noise in noises.items()} == {"hum": 12 * RATE_HZ}
    assert len(read_samples(tmp_path / "clap.wav", 8000, SystemClock())) == 8000


def test_a_folder_without_noise_says_what_to_put_there(tmp_path: Path) -> None:
    with pytest.raises(EdgeAsrError, match=r"no recording of 10 s or more in it; put some there, as \.wav, \.flac"):
        read_noises(tmp_path, RATE_HZ, SystemClock())
    with pytest.raises(EdgeAsrError, match="that is no folder"):
        read_noises(tmp_path / "nowhere", RATE_HZ, SystemClock())
    soundfile.write(tmp_path / "nothing.wav", hush(11.0), RATE_HZ)
    with pytest.raises(EdgeAsrError, match="nothing is silent; take it out"):
        read_noises(tmp_path, RATE_HZ, SystemClock())
