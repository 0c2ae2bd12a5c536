from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edge_asr.bench.onset import onset_s, sound_onset_s
from edge_asr.clock import SystemClock
from tests.fakes import RATE_HZ, hush, tone


def floats(*parts: NDArray[np.int16]) -> NDArray[np.float64]:
    return np.concatenate(parts).astype(np.float64)


@pytest.mark.parametrize("before_s", [0.0, 0.05, 0.3, 1.0])
def test_the_start_of_the_sound(before_s: float) -> None:
    assert onset_s(floats(hush(before_s), tone(1.0), hush(0.5)), RATE_HZ) == pytest.approx(before_s)


def test_a_click_and_noise_are_not_the_start() -> None:
    assert onset_s(floats(hush(0.2), tone(0.02), tone(0.3, 300), tone(1.0)), RATE_HZ) == pytest.approx(0.52)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 1.0])
def test_silence_has_no_onset(seconds: float) -> None:
    assert onset_s(floats(hush(seconds)), RATE_HZ) == 0.0


def test_of_a_file_at_another_rate(tmp_path: Path) -> None:
    path = tmp_path / "48k.wav"
    soundfile.write(path, np.concatenate([hush(1.2), tone(1.2)]), 48_000)
    assert sound_onset_s(path, SystemClock()) == pytest.approx(0.4)
