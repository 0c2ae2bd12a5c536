"""How speech is laid into files of other shapes, and what is counted of them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.audio.replay import FileSource
from edge_asr.bench import formats
from edge_asr.bench.formats import SHAPES, USUAL, Shape, Shaped, laid_out, measure, write
from edge_asr.bench.formats_report import formats_json, formats_text
from edge_asr.bench.recordings import Recording
from edge_asr.bench.wer import Errors
from edge_asr.clock import SystemClock
from edge_asr.config import Config
from tests.fakes import RATE_HZ, LoudRecognizer, LoudVad, tone


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_each_file_is_of_its_shape_and_its_channel_has_the_voice(shape: Shape, tmp_path: Path) -> None:
    path = tmp_path / "one.wav"
    write(path, tone(1.0), RATE_HZ, shape)
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (shape.sample_rate_hz, shape.channels, shape.subtype)
    assert info.duration == pytest.approx(1.0, abs=0.001)
    heard = np.concatenate([chunk.samples for chunk in FileSource(path, SystemClock(), channel=shape.channel).chunks()])
    wanted = 8000 if shape.spoken != (0,) or shape.channels == 1 else 4000
    assert np.sqrt(np.mean(heard.astype(float) ** 2)) == pytest.approx(wanted, rel=0.03)


def test_other_widths_are_the_very_same_samples(tmp_path: Path) -> None:
    for shape in SHAPES:
        if (shape.sample_rate_hz, shape.channels) == (RATE_HZ, 1):
            path = tmp_path / "one.wav"
            write(path, tone(0.3), RATE_HZ, shape)
            read = np.concatenate([chunk.samples for chunk in FileSource(path, SystemClock()).chunks()])
            assert np.array_equal(read, tone(0.3))


def test_where_others_hiss_each_has_its_own() -> None:
    frames = laid_out(tone(1.0), RATE_HZ, Shape("x", RATE_HZ, 3, (1,), hiss=True, channel=1))
    assert np.abs(np.corrcoef(frames.T) - np.eye(3)).max() < 0.1
    assert frames[:, 0].std() == pytest.approx(1500 / 32768, rel=0.05)
    assert np.array_equal(frames[:, 1], tone(1.0) / 32768)


def test_texts_are_compared_with_the_usual_shape(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(formats, "load_recognizer", lambda _: LoudRecognizer())
    monkeypatch.setattr("edge_asr.loading.build_vad", lambda _config, _rate_hz: LoudVad())
    soft = Shape("stereo, too soft when mixed", RATE_HZ, 2, (0,))
    monkeypatch.setattr(formats, "SHAPES", (USUAL, soft))
    soundfile.write(tmp_path / "one.wav", tone(1.6, 1500), RATE_HZ)
    seen = measure(Config(), [Recording("one", tmp_path / "one.wav", "s", "w0 w1 w2")], str.split, SystemClock())
    assert [(one.errors.total, one.differing) for one in seen] == [(0, ()), (3, ("one",))]


def test_the_report_says_how_far_each_is_apart() -> None:
    shapes = [Shaped(USUAL, Errors(1000, 100), 5, ()), Shaped(SHAPES[1], Errors(1000, 102), 5, ("a", "b"))]
    assert formats_text(shapes, "WER").splitlines()[2].split()[-5:] == ["10.20", "+0.20", "3", "of", "5"]
    assert [one["points_apart"] for one in formats_json(shapes)] == [0.0, pytest.approx(0.2)]
    assert formats_json(shapes)[1]["shape"]["sample_rate_hz"] == 48_000
