from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edge_asr.bench.onset import onset_s, sound_level
from edge_asr.clock import SystemClock
from tests.fakes import RATE_HZ, hush, tone

LEVEL = 800.0


def join(*parts: NDArray[np.int16]) -> NDArray[np.int16]:
    return np.concatenate(parts)


@pytest.mark.parametrize("before_s", [0.0, 0.05, 0.3, 1.0])
def test_the_start_of_the_sound(before_s: float) -> None:
    assert onset_s(join(hush(before_s), tone(1.0), hush(0.5)), RATE_HZ, LEVEL) == pytest.approx(before_s)


def test_a_click_and_noise_are_not_the_start() -> None:
    samples = join(hush(0.2), tone(0.02), tone(0.3, 300), tone(1.0))
    assert onset_s(samples, RATE_HZ, LEVEL) == pytest.approx(0.52)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 1.0])
def test_silence_has_no_onset(seconds: float) -> None:
    assert onset_s(hush(seconds), RATE_HZ, 0.0) is None


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_the_level_of_a_file_is_a_tenth_of_its_speech(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "said.wav"
    soundfile.write(path, join(hush(1.2), tone(1.2)), rate_hz)
    assert sound_level(path, SystemClock()) == pytest.approx(800, rel=0.01)


def test_a_file_shorter_than_a_frame_has_no_level(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, tone(0.005), RATE_HZ)
    assert sound_level(path, SystemClock()) == 0.0
