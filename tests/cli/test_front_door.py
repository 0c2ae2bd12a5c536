"""Closed pipes, full disks, Ctrl-C and names that the system refuses: one line at the most, never a traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge_asr.errors import EXIT_CONFIG, EXIT_FAILURE, EXIT_USAGE
from tests.cli.command import DEADLINE_S, Done, daemon, edge_asr, environment, said_in_one_line, the_one_line
from tests.waiting import wait_until

_EDGE_ASR = (sys.executable, "-m", "edge_asr")
_TOO_LONG = "x" * 300


def with_output(home: Path, output: int, *words: str) -> Done:
    """Run one command with its standard output at a descriptor, in a buffer as it is outside of tests."""
    return subprocess.run(
        [*_EDGE_ASR, *words],
        env=environment(home, PYTHONUNBUFFERED=""),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        timeout=DEADLINE_S,
        check=False,
        text=True,
    )


PRINTING = pytest.mark.parametrize(
    "words", [["--help"], ["run", "--help"], ["--version"], ["check-config", "--print"], ["models", "list"]]
)


@PRINTING
def test_a_reader_that_has_gone_is_no_fault_worth_a_word(words: list[str], tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = with_output(tmp_path, writer, *words)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (EXIT_FAILURE, "")


@PRINTING
def test_a_full_disk_is_one_line(words: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = with_output(tmp_path, full.fileno(), *words)
    assert done.returncode == EXIT_FAILURE
    assert said_in_one_line(done.stderr) == "No space left on device"


def test_ctrl_c_while_modules_load_ends_it_without_a_word(tmp_path: Path) -> None:
    """A C extension that is interrupted raises ImportError; so does this one."""
    (tmp_path / "onnxruntime.py").write_text(
        "import os, signal\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "except KeyboardInterrupt:\n"
        "    pass\n"
        "raise ImportError('initialization failed')\n"
    )
    done = edge_asr(tmp_path, "transcribe", "x.wav", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.bundle
def test_signals_while_modules_load_are_heard_later_and_not_the_end(tmp_path: Path) -> None:
    """A module that sends them when it is imported, and then makes room for the real one."""
    (tmp_path / "onnxruntime.py").write_text(
        "import os, signal, sys\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\n"
        "os.kill(os.getpid(), signal.SIGHUP)  # a service's own, to read its sentences again\n"
        "sys.path.remove(os.path.dirname(__file__))\n"
        "del sys.modules['onnxruntime']\n"
        "import onnxruntime\n"
    )
    with daemon(tmp_path, "--set", "mqtt.enabled=false", PYTHONPATH=str(tmp_path)) as running:
        wait_until(lambda: "muted:" in running.log or not running.is_up, DEADLINE_S, "muted")
        assert running.stop() == 0
        assert "listening" not in running.log


@pytest.mark.bundle
def test_a_closed_standard_input(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *_EDGE_ASR, "transcribe", "-"],
        env=environment(tmp_path),
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
        text=True,
    )
    assert the_one_line(done, EXIT_FAILURE) == "standard input is closed; pipe WAV or raw s16le in"


@pytest.mark.bundle
def test_an_audio_file_that_the_system_refuses_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    done = edge_asr(tmp_path, "transcribe", _TOO_LONG, "none.wav")
    assert done.returncode == EXIT_FAILURE
    refused, missing = done.stderr.splitlines()
    assert refused == f"edge-asr: '{_TOO_LONG}' cannot be read: File name too long; check who may read it"
    assert missing == "edge-asr: 'none.wav' is not there; check the name"


@pytest.mark.parametrize("command", [["run", "--set", "mqtt.enabled=false"], ["transcribe", "x.wav"]])
def test_a_folder_of_models_that_the_system_refuses(command: list[str], tmp_path: Path) -> None:
    line = the_one_line(edge_asr(tmp_path, *command, "--set", f"models.dir={tmp_path / _TOO_LONG}"), EXIT_CONFIG)
    assert line.endswith("/en cannot be read: File name too long; make it readable for this user")


def test_a_home_folder_that_does_not_exist(tmp_path: Path) -> None:
    line = the_one_line(edge_asr(tmp_path, "models", "list", "--models-dir", "~nobody_here/models"), EXIT_CONFIG)
    assert line == "--models-dir = '~nobody_here/models': there is no such home directory, write the whole path"


def test_a_configuration_without_a_name_or_an_end(tmp_path: Path) -> None:
    line = the_one_line(edge_asr(tmp_path, "run", "--config", ""), EXIT_CONFIG)
    assert line == "--config is empty: name a TOML file, or leave --config out"
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 5000)
    line = the_one_line(edge_asr(tmp_path, "run", "--config", str(deep)), EXIT_CONFIG)
    assert line == f"{deep}: not a configuration, its brackets are nested too deeply"


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_try_out_of_no_length(seconds: str, tmp_path: Path) -> None:
    done = edge_asr(tmp_path, "demo", "--seconds", seconds)
    assert done.returncode == EXIT_USAGE
    assert f"{seconds}: expected seconds, above 0" in done.stderr
