from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.bench.sounds import all_sounds
from edge_asr.clock import SystemClock
from edge_asr.errors import AudioFileError


def test_every_sound_is_as_long_as_wanted_and_the_same_again(tmp_path: Path) -> None:
    path = tmp_path / "hum.wav"
    hum = np.arange(1, 1001, dtype=np.int16)
    soundfile.write(path, hum, 8000)
    silence, white, looped = all_sounds([path], SystemClock())
    assert [sound.name for sound in (silence, white, looped)] == ["silence", "white noise, -30 dBFS", "hum.wav"]
    for sound in (silence, white, looped):
        heard = np.concatenate(list(sound.chunks(0.33)))
        assert len(heard) == round(0.33 * sound.sample_rate_hz)
        assert np.array_equal(heard, np.concatenate(list(sound.chunks(0.33))))
    assert not np.concatenate(list(silence.chunks(0.1))).any()
    assert np.array_equal(np.concatenate(list(looped.chunks(0.25))), np.concatenate([hum, hum]))


def test_white_noise_is_as_loud_as_it_says() -> None:
    white = np.concatenate(list(all_sounds([], SystemClock())[1].chunks(1.0))).astype(float)
    assert 20 * np.log10(white.std() / 32768) == pytest.approx(-30, abs=0.2)


def test_what_is_no_audio_is_refused_before_anything_is_heard(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no audio")
    with pytest.raises(AudioFileError, match=r"text\.wav"):
        all_sounds([tmp_path / "text.wav"], SystemClock())
