from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edge_asr.bench.onset import onset_s, sound_level, speech_s
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


@pytest.mark.parametrize("after_s", [0.0, 0.1, 2.0])
def test_speech_is_without_the_silence_around_it(after_s: float) -> None:
    samples = join(hush(0.3), tone(1.0), hush(after_s))
    assert speech_s(samples, RATE_HZ, LEVEL) == pytest.approx((0.3, 1.3))


def test_a_knock_at_either_end_is_no_speech() -> None:
    knock = tone(0.1)
    samples = join(knock, hush(0.3), tone(0.5), hush(0.4), tone(0.2), hush(0.25), knock, hush(1.0), tone(0.02))
    assert speech_s(samples, RATE_HZ, LEVEL) == pytest.approx((0.4, 1.5))


def test_a_short_sound_behind_a_closure_belongs_to_its_word() -> None:
    samples = join(tone(0.3), hush(0.12), tone(0.05), hush(1.0))
    assert speech_s(samples, RATE_HZ, LEVEL) == pytest.approx((0.0, 0.47))


@pytest.mark.parametrize("samples", [hush(0.0), hush(2.0), tone(0.02), join(tone(0.1), hush(0.5), tone(0.1))])
def test_there_may_be_no_speech(samples: NDArray[np.int16]) -> None:
    assert speech_s(samples, RATE_HZ, LEVEL) is None
