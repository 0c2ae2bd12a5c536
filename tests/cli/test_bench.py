from pathlib import Path

import pytest

from edge_asr.cli.main import main


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "required: ACTION"),
        (["accuracy"], "required: --speech"),
        (["accuracy", "--speech", ".", "--peer", "whisper"], "'whisper': expected none, or of vosk, pocketsphinx"),
        (["accuracy", "--speech", ".", "--peer", "vosk,none"], "'vosk,none': expected none, or of vosk"),
        (["accuracy", "--speech", ".", "--peer", ""], "'': expected none, or of vosk"),
        (["accuracy", "--speech", ".", "--each", "0"], "0: expected a whole number from 1 to 100000"),
        (["accuracy", "--speech", ".", "--snr", "5,x"], "'5,x': expected whole decibels from -20 to 60, e.g. 20,10"),
        (["accuracy", "--speech", ".", "--snr", "61"], "'61': expected whole decibels from -20 to 60"),
        (["accuracy", "--speech", ".", "--snr", ""], "'': expected whole decibels"),
        (["latency", "--repeat", "0"], "0: expected a whole number from 1 to 1000"),
        (["latency", "--repeat", "x"], "x: expected a whole number from 1 to 1000"),
        (["gate", "--noise", "."], "required: --speech"),
        (["gate", "--speech", ".", "--noise", ".", "--each", "0"], "0: expected a whole number from 1 to 100000"),
        (["cost"], "required: --speech"),
        (["cost", "--speech", ".", "--threads", "1,17"], "17: expected a whole number from 1 to 16"),
        (["cost", "--speech", ".", "--threads", ""], "expected a whole number from 1 to 16"),
        (["cost", "--speech", ".", "--rounds", "0"], "0: expected a whole number from 1 to 100"),
        (["cost", "--speech", ".", "--peer", "sphinx"], "'sphinx': expected none, or of vosk"),
        (["batch"], "required: --speech"),
        (["batch", "--speech", ".", "--peer", "pocketsphinx"], "expected none, or of vosk, moonshine-voice those"),
        (["batch", "--speech", ".", "--jobs", "0"], "0: expected a whole number from 1 to 256"),
        (["publish", "--events", "99"], "99: expected a whole number from 100 to 100000"),
        (["publish", "--calls", "x"], "x: expected a whole number from 100 to 1000000"),
        (["idle", "--minutes", "0"], "0: expected minutes, from 0.01 to 1440"),
        (["idle", "--minutes", "ten"], "ten: expected minutes, from 0.01 to 1440"),
        (["idle", "--minutes", "nan"], "nan: expected minutes, from 0.01 to 1440"),
        (["soak"], "required: --speech"),
        (["soak", "--speech", ".", "--utterances", "9"], "9: expected a whole number from 10 to 10000000"),
        (["noise", "--minutes", "-1"], "-1: expected minutes, from 0.01 to 1440"),
        (["noise", "--peer", "whisper"], "'whisper': expected none, or of vosk, pocketsphinx"),
        (["latency", "--peer", "whisper"], "'whisper': expected none, or of vosk, pocketsphinx"),
        (["targets"], "required: --speech"),
        (["targets", "--speech", ".", "--each", "0"], "0: expected a whole number from 1 to 100000"),
    ],
)
def test_wrong_words_are_refused(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_a_result_that_cannot_be_written_is_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nowhere" / "result.json"
    assert main(["bench", "latency", "--json", str(path)]) == 1
    assert capsys.readouterr().err == (
        f"edge-asr: --json {path}: it cannot be written (No such file or directory); name another file\n"
    )


@pytest.mark.parametrize("name", ["", "."])
def test_a_folder_is_no_file_for_the_result(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "latency", "--json", name]) == 1
    assert capsys.readouterr().err == "edge-asr: --json .: that is a folder; name a file in it\n"


def test_a_sound_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "idle", "--noise", str(tmp_path / "hum.wav")]) == 1
    assert "hum.wav' is not a file" in capsys.readouterr().err


def test_a_plot_that_cannot_be_written_is_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "accuracy", "--speech", str(tmp_path), "--plot", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"edge-asr: --plot {tmp_path}: that is a folder; name a file in it\n"


def test_a_noise_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "noise", "--noise", str(tmp_path / "tap.wav")]) == 1
    assert "tap.wav' is not a file" in capsys.readouterr().err


def test_without_a_model_the_fix_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["bench", "accuracy", "--speech", str(tmp_path), "--peer", "none", "--set", f"models.dir={tmp_path}"]
    assert main(words) == 78
    assert "run: edge-asr models pull en" in capsys.readouterr().err


def test_distances_of_no_noise_are_no_wish(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "accuracy", "--speech", ".", "--snr", "20"]) == 1
    assert capsys.readouterr().err == (
        "edge-asr: --snr says how far below speech the noises of --noise are; give --noise DIR too\n"
    )
