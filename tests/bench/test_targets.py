"""Which measurements there are, and what becomes of one that fails or is ended."""

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge_asr.bench.targets import NAMES, Extent, runs
from edge_asr.cli import bench_targets
from edge_asr.cli.bench import add_arguments
from edge_asr.cli.main import main
from tests.waiting import wait_until


def test_what_is_measured_how() -> None:
    found = runs(Extent(Path("speech"), [Path("tap.flac"), Path("hum.flac")], 2, 0.5, 100, 3))
    accuracy = "accuracy --speech speech --each 2"
    one, tiny = "second_pass.enabled=false", "second_pass.bundle=moonshine-tiny-en"
    assert {name: (" ".join(run.words), run.overrides) for name, run in found.items()} == {
        "english": (accuracy, ("models.bundle=en", one)),
        "mandarin": (accuracy, ("models.bundle=zh", one)),
        "tiny": (f"{accuracy} --peer none", ("models.bundle=en", tiny, "second_pass.enabled=true")),
        "base": (
            f"{accuracy} --peer none",
            ("models.bundle=en", "second_pass.bundle=moonshine-base-en", "second_pass.enabled=true"),
        ),
        "latency": ("latency --repeat 3 --peer moonshine-voice", ("models.bundle=en",)),
        "parity": ("parity --speech speech --each 2", ()),
        "noise": ("noise --minutes 0.5 --noise tap.flac hum.flac", ("models.bundle=en",)),
        "memory": (
            "cost --speech speech --each 2 --threads 1 --rounds 1",
            ("models.bundle=en", tiny, "second_pass.enabled=true"),
        ),
        "soak": ("soak --speech speech --utterances 100", ("models.bundle=en",)),
    }
    assert tuple(found) == NAMES
    whole = runs(Extent(Path("speech"), [], None, 10, 2000, 4))
    assert whole["memory"].words[3:5] == ("--each", "7")
    assert whole["noise"].words == ("noise", "--minutes", "10")
    assert "--each" not in whole["english"].words + whole["parity"].words


def test_every_measurement_is_one_that_bench_takes() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    for run in runs(Extent(Path("speech"), [Path("tap.flac")], 2, 0.5, 100, 1)).values():
        args = parser.parse_args([*run.words, *(word for one in run.overrides for word in ("--set", one))])
        assert args.action == run.words[0]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the children: the parity differs, the noise is quiet, the soak fails. Has what they were asked."""
    script = tmp_path / "program.py"
    script.write_text(
        "import json, sys\n"
        "words = sys.argv[3:]\n"
        f"open({str(tmp_path / 'asked')!r}, 'a').write(json.dumps(words) + '\\n')\n"
        "if words[1] == 'soak': sys.exit(1)\n"
        "figures = {'cases': [{'same_tokens': 1, 'recordings': 2, 'cpu_ratio': 1.0}]}\n"
        "if words[1] == 'noise':\n"
        "    figures = [{'heard_by': 'edge_asr', 'audio_s': 60.0, 'final_words': 0, 'partial_words': 0}]\n"
        "path = words[words.index('--json') + 1]\n"
        "json.dump({'bench': words[1], 'setting': {}, 'figures': figures}, open(path, 'w'))\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(bench_targets, "PROGRAM", [sys.executable, str(script), "-m", "edge_asr"])
    return tmp_path / "asked"


def a_folder(folder: Path) -> Path:
    """Of recordings."""
    (folder / "one.wav").touch()
    row = {"path": "one.wav", "text": "he was", "lang": "en"}
    (folder / "manifest.jsonl").write_text(json.dumps(row), encoding="utf-8")
    return folder


@pytest.mark.bundle
def test_what_fails_costs_its_own_verdict_alone(
    program: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    result = tmp_path / "result.json"
    speech = a_folder(tmp_path)
    words = ["bench", "targets", "--speech", str(speech), "--only", "parity,noise,soak", "--utterances", "10"]
    assert main([*words, "--set", "gate.vad=webrtc", "--json", str(result)]) == 0
    rows = [line.split("  ") for line in capfd.readouterr().out.splitlines() if line.endswith(("met", "MET", "-"))]
    assert [(row[0].split(":")[0], row[-1].strip()) for row in rows] == [
        ("zipformer parity", "NOT MET"),
        ("zipformer parity", "met"),
        ("noise", "met"),
        ("soak", "-"),
    ]
    figures = json.loads(result.read_bytes())["figures"]
    assert [one["met"] for one in figures["targets"]] == [False, True, True, None]
    assert list(figures["measured"]) == ["parity", "noise"]
    asked = [json.loads(line) for line in program.read_text().splitlines()]
    assert [words[1] for words in asked] == ["parity", "noise", "soak"]
    assert all("gate.vad=webrtc" in words for words in asked)
    assert asked[1][asked[1].index("gate.vad=webrtc") + 1 :] == ["--set", "models.bundle=en"]


@pytest.mark.bundle
def test_an_unknown_measurement_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "targets", "--speech", str(a_folder(tmp_path)), "--only", "speed"]) == 1
    assert "--only speed: expected of english, mandarin, tiny, base, latency, parity" in capfd.readouterr().err


@pytest.mark.bundle
def test_where_nothing_can_be_measured_it_fails(
    program: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "targets", "--speech", str(tmp_path), "--only", "soak"]) == 1
    assert "manifest.jsonl cannot be read" in capfd.readouterr().err
    assert not program.exists(), "nothing was begun"
    assert main(["bench", "targets", "--speech", str(a_folder(tmp_path)), "--only", "soak"]) == 1
    assert "nothing could be measured" in capfd.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_it_waits_for_the_child_to_tidy_up(number: signal.Signals, tmp_path: Path) -> None:
    """A child that takes a while to tidy up; a terminal's Ctrl-C reaches it too."""
    child = tmp_path / "child.py"
    child.write_text(
        "import pathlib, sys, time\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "try:\n"
        "    (folder / 'begun').touch()\n"
        "    time.sleep(60)\n"
        "finally:\n"
        "    time.sleep(1)\n"
        "    (folder / 'tidy').touch()\n",
        encoding="utf-8",
    )
    words = [
        sys.executable,
        "-c",
        f"from edge_asr.cli.bench_targets import _run; _run({[sys.executable, str(child), str(tmp_path)]!r})",
    ]
    parent = subprocess.Popen(words, start_new_session=True)
    wait_until((tmp_path / "begun").exists, 20.0, "the child")
    if number == signal.SIGINT:
        os.killpg(parent.pid, number)
    else:
        parent.send_signal(number)
    assert parent.wait(20.0) != 0
    assert (tmp_path / "tidy").exists()
