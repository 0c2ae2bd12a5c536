"""Programs over a batch: what is timed, what is compared, and a program that leaves something out."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import soundfile

from edge_asr.bench.batch import Program, Run, measure
from edge_asr.bench.batch_programs import moonshine, own, vosk_transcriber
from edge_asr.bench.batch_report import batch_json, batch_text
from edge_asr.bench.recordings import Recording
from edge_asr.bench.wer import Errors
from edge_asr.clock import SystemClock
from edge_asr.errors import EdgeAsrError
from tests.fakes import RATE_HZ, tone

_WRITE = "import sys, pathlib; [pathlib.Path(sys.argv[1], f'{n:05d}.txt').write_text('one two') for n in range(COUNT)]"


def program(count: int, more: str = "") -> Program:
    """One that writes so many texts, whatever there is to hear."""

    def commands(_: Path, files: Sequence[Path], texts: Path) -> list[list[str]]:
        assert [file.name for file in files] == ["00000.flac", "00001.wav"]
        return [[sys.executable, "-c", _WRITE.replace("COUNT", str(count)) + more, str(texts)]]

    return Program("a program", commands)


@pytest.fixture
def recordings(tmp_path: Path) -> list[Recording]:
    """Two of the same name in two sets."""
    found = []
    for place, ending, text in (("a", "flac", "one two"), ("b", "wav", "one three four")):
        (tmp_path / place).mkdir()
        path = tmp_path / place / f"same.{ending}"
        soundfile.write(path, tone(1.5), RATE_HZ)
        found.append(Recording(f"{place}/same.{ending}", path, place, text))
    return found


def test_each_round_is_timed_and_texts_are_compared(recordings: list[Recording]) -> None:
    spin = "; import time\nwhile time.process_time() < 0.3: pass"
    busy, idle = measure([program(2, spin), program(2)], recordings, 2, str.split, SystemClock())
    assert busy.audio_s == 3.0
    assert len(busy.wall_s) == len(busy.cpu_s) == len(idle.wall_s) == 2
    assert all(cpu_s >= 0.29 for cpu_s in busy.cpu_s)
    assert busy.cpu_share >= 0.29 / 3.0
    assert (busy.errors.words, busy.errors.total) == (5, 2)


def test_a_program_that_leaves_one_out_is_not_measured(recordings: list[Recording]) -> None:
    with pytest.raises(EdgeAsrError, match="a program has written no text for one of 2 recordings"):
        measure([program(1)], recordings, 1, str.split, SystemClock())


def test_a_program_that_fails_is_quoted(recordings: list[Recording]) -> None:
    with pytest.raises(EdgeAsrError, match="a program ended with exit code 1: no memory"):
        measure([program(2, "; sys.exit('no memory')")], recordings, 1, str.split, SystemClock())


def test_the_report_compares_with_the_first() -> None:
    first = Run(Program("ours", lambda *_: []), 3600.0, [360.0, 360.0, 400.0], [1800.0], Errors(100, 5))
    other = Run(Program("theirs", lambda *_: []), 3600.0, [720.0], [3600.0], Errors())
    text = batch_text([first, other], "WER").splitlines()
    assert text[1].split() == ["ours", "10.0", "9.0", "to", "10.0", "1.00", "0.500", "5.00"]
    assert text[2].split() == ["theirs", "5.0", "5.0", "to", "5.0", "0.50", "1.000", "-"]
    assert [row["times_first"] for row in batch_json([first, other])] == [1.0, 0.5]


def test_programs_are_started_as_a_person_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [tmp_path / f"{number}.wav" for number in range(3)]
    (words,) = own(2, ["--set", "models.bundle=en"], second_pass=True).commands(tmp_path, files, tmp_path / "texts")
    assert words[2:5] == ["edge_asr", "transcribe", str(tmp_path)]
    assert words[-2:] == ["--set", "second_pass.enabled=true"]
    shares = moonshine(2).commands(tmp_path, files, tmp_path)
    assert [share[4:] for share in shares] == [[str(files[0]), str(files[2])], [str(files[1])]]
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EdgeAsrError, match="reads through ffmpeg, which is not installed; install it, or --peer none"):
        vosk_transcriber(tmp_path)
