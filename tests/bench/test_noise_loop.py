from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.bench.noise_loop import write_loop
from edge_asr.clock import SystemClock
from edge_asr.errors import AudioFileError


@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.35])
def test_the_recording_comes_again_without_a_gap(tmp_path: Path, seconds: float) -> None:
    once = np.arange(1600, dtype=np.int16)  # 0.1 s
    soundfile.write(tmp_path / "noise.flac", once, 16_000)
    write_loop(tmp_path / "noise.flac", tmp_path / "loop.wav", seconds, SystemClock())
    looped, rate_hz = soundfile.read(tmp_path / "loop.wav", dtype="int16")
    assert rate_hz == 16_000
    np.testing.assert_array_equal(looped, np.resize(once, round(seconds * 16_000)))


def test_what_is_not_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_text("not audio")
    with pytest.raises(AudioFileError, match="not audio"):
        write_loop(tmp_path / "noise.wav", tmp_path / "loop.wav", 1.0, SystemClock())
