"""Files that are no audio, or less of it than they say: one line each, and the good ones are read all the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from edge_asr.demo.sample import sample
from edge_asr.errors import EXIT_FAILURE, EXIT_OK
from tests.cli.bundles import JUNK
from tests.cli.command import edge_asr, said_in_one_line, the_one_line


def wav(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.bundle
@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.wav", lambda: b"", "is empty (0 bytes); record or copy it again"),
        ("headless.wav", lambda: sample()[4].read_bytes()[:30], "is not audio that can be read"),
        ("hollow.wav", lambda: sample()[4].read_bytes()[:44], "has a header and no samples; record it again"),
        ("noise.wav", lambda: JUNK, "is not audio that can be read"),
        ("letter.txt", lambda: b"dear reader\n", "convert it, for example: ffmpeg -i"),
        ("raw.raw", lambda: JUNK, "raw samples without a header"),
    ],
)
def test_a_file_that_is_not_audio(name: str, data: Callable[[], bytes], said: str, tmp_path: Path) -> None:
    path = wav(tmp_path, name, data())
    line = the_one_line(edge_asr(tmp_path, "transcribe", str(path), PATH=str(tmp_path)), EXIT_FAILURE)  # no ffmpeg
    assert line.startswith(f"'{path}' ")
    assert said in line


@pytest.mark.bundle
def test_a_missing_file_and_an_empty_pipe(tmp_path: Path) -> None:
    done = edge_asr(tmp_path, "transcribe", str(tmp_path / "none.wav"), "-")
    assert (done.returncode, done.stdout) == (EXIT_FAILURE, "")
    missing, pipe = done.stderr.splitlines()
    assert missing == f"edge-asr: '{tmp_path / 'none.wav'}' is not there; check the name"
    assert pipe == "edge-asr: standard input has no samples; give 16-bit WAV or raw s16le"


@pytest.mark.bundle
def test_a_bad_file_does_not_keep_the_good_ones_from_being_read(tmp_path: Path) -> None:
    bad, good = wav(tmp_path, "empty.wav", b""), sample()[4]
    done = edge_asr(tmp_path, "transcribe", str(bad), str(good))
    assert done.returncode == EXIT_FAILURE
    assert done.stdout.startswith(f"{good}: ")
    assert "is empty" in said_in_one_line(done.stderr)


@pytest.mark.bundle
def test_a_truncated_file_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    data = sample()[3].read_bytes()
    path = wav(tmp_path, "cut.wav", data[: len(data) // 2])
    done = edge_asr(tmp_path, "transcribe", str(path))
    assert done.returncode == EXIT_OK
    assert done.stdout.strip()
    assert said_in_one_line(done.stderr).startswith(f"'{path}' is cut off: ")


@pytest.mark.bundle
def test_unusual_audio_says_nearly_the_same(tmp_path: Path) -> None:
    plain = sample()[3]
    speech, rate = soundfile.read(str(plain), dtype="float64")
    eight_bits, fast, many, wide = (tmp_path / f"{name}.wav" for name in ("8bit", "96khz", "8channels", "float"))
    soundfile.write(eight_bits, speech, rate, subtype="PCM_U8")
    soundfile.write(fast, soxr.resample(speech, rate, 96000), 96000, subtype="PCM_24")
    soundfile.write(many, np.repeat(speech[:, None], 8, axis=1), rate)
    soundfile.write(wide, speech, rate, subtype="FLOAT")
    files = [plain, eight_bits, fast, many, wide]
    done = edge_asr(tmp_path, "transcribe", *map(str, files))
    assert (done.returncode, done.stderr) == (EXIT_OK, "")
    texts: dict[str, list[str]] = {str(file): [] for file in files}
    for line in done.stdout.splitlines():
        name, _, text = line.partition(": ")
        texts[name] += text.split()
    reference = texts.pop(str(plain))
    assert len(reference) > 10
    for name, words in texts.items():
        assert word_errors(reference, words) <= 1, (name, words)


def word_errors(reference: list[str], said: list[str]) -> int:
    """Levenshtein distance in words."""
    row = list(range(len(said) + 1))
    for number, word in enumerate(reference, 1):
        before, row[0] = row[0], number
        for column, other in enumerate(said, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (word != other))
    return row[-1]
