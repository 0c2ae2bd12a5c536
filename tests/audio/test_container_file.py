"""What only ffmpeg reads; a stand-in of it where its faults are meant."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.audio.container_file import ContainerSource, duration_s, open_recording
from edge_asr.audio.replay import FileSource
from edge_asr.clock import SystemClock
from edge_asr.errors import AudioFileError
from tests.fakes import RATE_HZ, tone


def program(folder: Path, script: str) -> None:
    """`ffmpeg` is this script alone."""
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that libsndfile does not know, in a folder that has all programs there are."""
    cat = shutil.which("cat")
    assert cat is not None
    (tmp_path / "cat").symlink_to(cat)
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "clip one.mp4"
    path.write_bytes(b"no audio, for libsndfile at least")
    return path


def samples(path: Path) -> np.ndarray:
    source = open_recording(path, SystemClock(), "mix")
    return np.concatenate([chunk.samples for chunk in source.chunks()])


def test_without_the_program_the_file_is_refused_in_one_sentence(clip: Path) -> None:
    with pytest.raises(AudioFileError, match="where ffmpeg is installed, it is read as it is"):
        open_recording(clip, SystemClock(), "mix")
    assert duration_s(clip, SystemClock()) == 0.0


def test_what_the_program_writes_is_heard_and_its_complaint_told(clip: Path, tmp_path: Path) -> None:
    stereo = np.stack([tone(0.7), np.zeros_like(tone(0.7))], axis=1)
    soundfile.write(tmp_path / "sound.wav", stereo, 44_100)
    program(
        tmp_path, f"cat '{tmp_path}/sound.wav'; echo '[aac @ 0x5581ff] odd' >&2; echo '  Duration: 01:02:03.50' >&2"
    )
    source = open_recording(clip, SystemClock(), 0)
    assert isinstance(source, ContainerSource)
    assert source.stream_id == "clip_one"
    heard = list(source.chunks())
    assert np.array_equal(np.concatenate([chunk.samples for chunk in heard]), tone(0.7))
    assert {chunk.sample_rate_hz for chunk in heard} == {44_100}
    assert [chunk.first_sample for chunk in heard[:3]] == [0, 882, 1764]
    assert source.warning.startswith(f"'{clip}' is damaged (ffmpeg: ")
    assert duration_s(clip, SystemClock()) == 3723.5


def test_a_file_without_sound_says_why(clip: Path, tmp_path: Path) -> None:
    program(tmp_path, "echo '[in#0 @ 0x12ab] Invalid data found' >&2; exit 1")
    with pytest.raises(AudioFileError, match=r"has no sound that ffmpeg can read \(ffmpeg: Invalid data found\)"):
        samples(clip)


def test_one_who_stops_listening_leaves_no_program_behind(clip: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "sound.wav", tone(60.0), RATE_HZ)
    program(tmp_path, f"echo $$ > '{tmp_path}/pid'; exec cat '{tmp_path}/sound.wav'")
    chunks = open_recording(clip, SystemClock(), "mix").chunks()
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert not Path("/proc", (tmp_path / "pid").read_text().strip()).exists()


def test_what_libsndfile_reads_goes_to_no_program(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "one.flac", tone(0.5), RATE_HZ)
    assert isinstance(open_recording(tmp_path / "one.flac", SystemClock(), "mix"), FileSource)
    assert duration_s(tmp_path / "one.flac", SystemClock()) == 0.5


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_the_real_program_reads_the_sound_of_a_film(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "one.wav", tone(1.0), RATE_HZ)
    film = tmp_path / "one.mkv"
    picture = ["-f", "lavfi", "-i", "color=c=red:s=64x64:d=1", "-c:v", "mpeg4", "-c:a", "flac"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(tmp_path / "one.wav"), *picture, str(film)], check=True, timeout=60
    )
    assert np.array_equal(samples(film), tone(1.0))
    assert duration_s(film, SystemClock()) == pytest.approx(1.0, abs=0.1)
