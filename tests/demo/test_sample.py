import shutil
from pathlib import Path

import pytest
import soundfile

from edge_asr.demo import sample
from edge_asr.errors import AudioFileError
from tests.fakes import RATE_HZ, tone


def test_the_package_holds_the_known_sentences() -> None:
    """`make test` installs the package; without it this says so."""
    files = sample.sample()
    assert len(files) == 5
    for file in files:
        info = soundfile.info(str(file))
        assert (info.samplerate, info.channels) == (16_000, 1)
        assert 2 < info.duration < 10


def test_an_absent_sample_names_package_and_way_out(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"apt install .*pocketsphinx-testdata, or give your own: .*--file my.wav"):
        sample.sample(tmp_path)


def test_an_altered_sample_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "librivox"
    shutil.copytree(sample.FOLDER, folder)
    assert len(sample.sample(folder)) == 5
    victim = sorted(folder.glob("*.wav"))[2]
    content = bytearray(victim.read_bytes())
    content[1000] ^= 1
    victim.write_bytes(content)
    with pytest.raises(AudioFileError, match=r"0890\.wav is not the known one"):
        sample.sample(folder)


@pytest.mark.parametrize(("content", "said"), [(None, "is not a file"), (b"hello", "is not audio that can be played")])
def test_what_is_not_audio_is_refused_in_one_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "speech.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioFileError, match=said) as caught:
        sample.own_files([str(path)])
    assert "\n" not in str(caught.value)


def test_a_name_that_the_system_refuses_is_one_line() -> None:
    with pytest.raises(AudioFileError, match="cannot be read: File name too long"):
        sample.own_files(["x" * 300])


def test_own_files_keep_their_order(tmp_path: Path) -> None:
    for name in ("b.wav", "a.flac"):
        soundfile.write(str(tmp_path / name), tone(0.1), RATE_HZ)
    found = sample.own_files([str(tmp_path / "b.wav"), str(tmp_path / "a.flac")])
    assert [path.name for path in found] == ["b.wav", "a.flac"]
