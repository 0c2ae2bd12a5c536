"""`edge-asr transcribe` over many: real processes, whose recognizer is the fake one."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from edge_asr.batch import crew
from edge_asr.cli.main import main
from edge_asr.errors import EXIT_CONFIG, EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK
from edge_asr.events import FinalEvent, decode
from tests.batch.loud_worker import ALONE, REFUSE
from tests.cli.command import DEADLINE_S
from tests.fakes import RATE_HZ, tone
from tests.waiting import wait_until

_ROOT = Path(__file__).parents[2]
_WORKER = (sys.executable, "-m", "tests.batch.loud_worker")
_COMMAND = (
    f"import sys; from edge_asr.batch import crew; crew.COMMAND = {_WORKER!r};"
    "from edge_asr.cli.main import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture(autouse=True)
def fake_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(crew, "COMMAND", _WORKER)
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    monkeypatch.chdir(tmp_path)


def speak(path: str, words: int = 1) -> Path:
    """A recording of so many words."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(words / 2 + 0.1), RATE_HZ)
    return Path(path)


def written(folder: str) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text() for path in sorted(Path(folder).rglob("*")) if path.is_file()
    }


def test_a_folder_comes_out_as_a_folder_in_every_form(capfd: pytest.CaptureFixture[str]) -> None:
    speak("in/one.wav", 1)
    speak("in/deep/er/three.flac", 3)
    speak("in/.hidden/four.wav", 4)
    Path("in/letter.txt").write_text("dear reader")
    forms = "text,json,jsonl,srt,vtt,tsv"
    assert main(["transcribe", "in", "--output-dir", "out", "--format", forms, "--jobs", "2"]) == EXIT_OK
    texts = written("out")
    endings = ("txt", "json", "jsonl", "srt", "vtt", "tsv")
    assert set(texts) == {f"{name}.{ending}" for name in ("one", "deep/er/three") for ending in endings}
    assert (texts["one.txt"], texts["deep/er/three.txt"]) == ("w0\n", "w0 w1 w2\n")
    final = decode(texts["deep/er/three.jsonl"].splitlines()[1].encode())
    assert isinstance(final, FinalEvent)
    begin, end = (f"{1000 * second:.0f}" for second in (final.start_s, final.end_s))
    assert texts["deep/er/three.tsv"] == f"start\tend\ttext\n{begin}\t{end}\tw0 w1 w2\n"
    assert texts["deep/er/three.srt"].startswith("1\n00:00:0")
    assert texts["deep/er/three.srt"].endswith("\nw0 w1 w2\n")
    assert texts["deep/er/three.vtt"].startswith("WEBVTT\n\n00:00:0")
    verbose = json.loads(texts["deep/er/three.json"])
    assert (verbose["text"], len(verbose["words"]), verbose["duration"]) == ("w0 w1 w2", 3, 1.6)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("edge-asr: 2 heard; 2.2 s of sound in ")


def test_printed_texts_come_in_the_order_of_the_names(capfd: pytest.CaptureFixture[str]) -> None:
    names = [str(speak(name, words)) for name, words in (("late.wav", 1), ("b.wav", 2), ("a.wav", 3))]
    assert main(["transcribe", "--jobs", "3", *names]) == EXIT_OK
    shown = capfd.readouterr()
    assert shown.out == "late.wav: w0\nb.wav: w0 w1\na.wav: w0 w1 w2\n"
    assert shown.err == ""


def test_a_process_that_dies_costs_its_recording_alone(capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "deadly", "m", "z"):
        speak(f"in/{name}.wav")
    assert main(["transcribe", "in", "--beside", "--jobs", "1"]) == EXIT_FAILURE
    assert {path.name for path in Path("in").glob("*.txt")} == {"a.txt", "m.txt", "z.txt"}
    first, last = capfd.readouterr().err.splitlines()
    assert first == "edge-asr: 'in/deadly.wav': the process that heard it died (killed by SIGKILL); try it alone"
    assert last.startswith("edge-asr: 3 heard, 1 failed; ")


def test_a_fault_of_ours_is_one_line_and_costs_its_recording_alone(capfd: pytest.CaptureFixture[str]) -> None:
    speak("buggy.wav")
    speak("fine.wav")
    assert main(["transcribe", "--jobs", "2", "buggy.wav", "fine.wav"]) == EXIT_FAILURE
    shown = capfd.readouterr()
    assert shown.out == "fine.wav: w0\n"
    fault = "RuntimeError: a fault that nobody foresaw"
    assert shown.err == f"edge-asr: 'buggy.wav' could not be heard ({fault}); the others go on\n"


def test_what_cannot_be_heard_is_named_each_with_its_reason(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # no ffmpeg
    speak("in/good.wav")
    data = speak("in/cut.wav", 8).read_bytes()
    Path("in/cut.wav").write_bytes(data[: len(data) // 2])
    Path("in/empty.wav").touch()
    Path("in/hollow.wav").write_bytes(data[:44])
    Path("in/junk.mp4").write_bytes(bytes(range(256)))
    Path("bare").mkdir()
    words = ["transcribe", "bare", "none.wav", "in", "--output-dir", "out", "--jobs", "2"]
    assert main(words) == EXIT_FAILURE
    lines = capfd.readouterr().err.splitlines()
    told = ["'bare' is a folder without recordings", "'none.wav' is not there", "'in/cut.wav' is cut off: "]
    told += ["'in/empty.wav' is empty (0 bytes)", "'in/hollow.wav' has a header and no samples"]
    told += ["'in/junk.mp4' is not audio that can be read"]
    assert len(lines) == len(told) + 1
    for line, beginning in zip(lines, told, strict=False):
        assert line.startswith(f"edge-asr: {beginning}")
    assert lines[-2].endswith("where ffmpeg is installed, it is read as it is")
    assert lines[-1].startswith("edge-asr: 2 heard, 5 failed; ")
    assert set(written("out")) == {"in/good.txt", "in/cut.txt"}  # of several folders, each keeps its name


def test_what_is_there_and_newer_is_left(capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b", "c"):
        speak(f"in/{name}.wav")
    words = ["transcribe", "in", "--output-dir", "out", "--format", "text,srt", "--skip-existing", "--jobs", "1"]
    assert main(words) == EXIT_OK
    assert main(words) == EXIT_OK
    assert "edge-asr: 0 heard, 3 were there; " in capfd.readouterr().err
    Path("out/a.srt").unlink()
    later = Path("out/b.txt").stat().st_mtime + 10
    speak("in/b.wav", 2)
    os.utime("in/b.wav", (later, later))
    Path("out/c.txt").write_text("mended by hand")
    assert main(words) == EXIT_OK
    assert "edge-asr: 2 heard, 1 were there; " in capfd.readouterr().err
    texts = written("out")
    assert (texts["b.txt"], texts["c.txt"]) == ("w0 w1\n", "mended by hand")
    assert "a.srt" in texts


def test_ctrl_c_ends_it_soon_and_says_what_is_done() -> None:
    for name in ("a", "b", "endless"):
        speak(f"in/{name}.wav")
    with subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "transcribe", "in", "--output-dir", "out", "--jobs", "2"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(lambda: len(list(Path("out").rglob("*.txt"))) == 2, DEADLINE_S, "two texts")
        threads = Path(f"/proc/{process.pid}/task").iterdir()
        workers = [child for thread in threads for child in (thread / "children").read_text().split()]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == EXIT_INTERRUPTED
    assert said == "edge-asr: interrupted: 2 heard of 3; the same command with --skip-existing goes on\n"
    assert set(written("out")) == {"a.txt", "b.txt"}  # and nothing half done
    assert workers
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_a_model_that_is_not_there_is_said_once(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REFUSE, "1")
    names = [str(speak(f"{number}.wav")) for number in range(3)]
    assert main(["transcribe", "--jobs", "3", *names]) == EXIT_CONFIG
    assert capfd.readouterr().err == "edge-asr: there is no model; pull one\n"


def test_with_memory_for_one_process_one_hears_all(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(ALONE, str(tmp_path / "taken"))
    names = [str(speak(f"late{number}.wav")) for number in range(3)]
    assert main(["transcribe", "--jobs", "3", *names]) == EXIT_OK
    shown = capfd.readouterr()
    assert shown.out.count(": w0\n") == 3
    assert shown.err == "edge-asr: fewer processes than --jobs 3: there is not enough memory to load two\n"


def test_a_place_that_cannot_be_written_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    speak("a.wav")
    speak("b.wav")
    Path("a.txt").mkdir()
    assert main(["transcribe", "a.wav", "b.wav", "--beside", "--jobs", "1"]) == EXIT_FAILURE
    assert capfd.readouterr().err.startswith("edge-asr: 'a.txt' cannot be written: Is a directory; check the folder")
    assert Path("b.txt").read_text() == "w0\n"
    assert not list(Path().glob(".*.new"))


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["a.wav", "b.wav", "--format", "srt"], 1, "of several recordings it is written, with --output-dir DIR"),
        (["a.wav", "--format", "srt,vtt"], 1, "only one is printed; write them with --output-dir or --beside"),
        (["a.wav", "--format", "pdf"], 2, "'pdf': expected text, json, jsonl, srt, vtt, tsv"),
        (["a.wav", "--json", "--format", "srt"], 1, "--json is --format jsonl; give one of them"),
        (["a.wav", "--skip-existing"], 1, "is for what is written; give --output-dir DIR or --beside too"),
        (["a.wav", "--beside", "--output-dir", "x"], 2, "not allowed with argument"),
        (["-", "--beside"], 1, "- is standard input, whose text has no place of its own"),
        (["-", "."], 1, "- is standard input, and a folder is named too"),
        (["a.wav", "--output-dir", "b.wav"], 1, "--output-dir b.wav: that is a file; name a folder"),
        (["a.wav", "--jobs", "0"], 2, "0: expected a number of processes, from 1 to 256"),
        (["x/a.wav", "a.wav", "--output-dir", "x"], 1, "'x/a.wav' and 'a.wav' would both become 'x/a.wav.txt'"),
    ],
)
def test_options_that_do_not_go_together(
    words: list[str], code: int, complaint: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.wav", "b.wav", "x/a.wav"):
        speak(name)
    assert main(["transcribe", *words]) == code
    assert complaint in capfd.readouterr().err
