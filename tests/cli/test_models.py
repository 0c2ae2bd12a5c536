"""`edge-asr models` as a person types it."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge_asr.asr.catalogue import Measured, find
from edge_asr.cli import models as models_command
from edge_asr.cli.main import main
from edge_asr.container import pull_command
from edge_asr.errors import EXIT_CONFIG, EXIT_OK
from tests.asr.test_bundle import plain, write
from tests.export.conftest import Published, index, published

__all__ = ["index", "published"]  # fixtures


@pytest.fixture
def tiny(index: Published, monkeypatch: pytest.MonkeyPatch) -> Published:
    """The catalogue's `en` is the tiny model."""
    monkeypatch.setattr(models_command, "find", lambda _: index.entry)
    return index


def models(*words: str) -> int:
    return main(["models", *words])


def test_list_shows_what_is_here_what_could_be_and_what_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, plain())
    write(tmp_path, {**plain(), "name": "mine"}, "mine")
    (tmp_path / "zh").mkdir()
    (tmp_path / "no bundle").mkdir()
    assert models("list", "--json", "--models-dir", str(tmp_path)) == EXIT_OK
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "en": "installed",
        "zh": "broken",
        "moonshine-tiny-en": "available",
        "moonshine-base-en": "available",
        "silero-vad": "available",
        "mine": "installed",
    }
    assert {row["setting"] for name, row in rows.items() if name in {"en", "mine"}} == {"models.bundle"}
    assert rows["moonshine-tiny-en"]["setting"] == "models.bundle, second_pass.bundle"
    assert (rows["silero-vad"]["setting"], rows["zh"]["setting"]) == ("gate.vad", "models.bundle")
    assert rows["en"]["bytes"] == sum(entry["bytes"] for entry in plain()["files"].values())
    assert "manifest.json is missing" in rows["zh"]["fault"]
    assert models("list", "--models-dir", str(tmp_path)) == EXIT_OK
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(lines[0].split()) == "NAME LANGUAGE VERSION LICENCE SIZE ERRORS CPU STATE SETTING DESCRIPTION"
    assert lines[1].split()[:2] == ["en", "en"]
    assert "zh: " in lines[-1]
    assert "run: edge-asr models pull zh --force" in lines[-1]


def test_list_shows_what_was_measured_of_this_very_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Measured("WER", "some sets", 20.74, 0.0216, 20.5, 0.0301)
    second = Measured("CER", "others", 9.0, behind="en")
    entries = [replace(find("en"), measured=found), replace(find("zh"), measured=second), find("silero-vad")]
    monkeypatch.setattr(models_command, "CATALOGUE", entries)
    assert models("list", "--models-dir", str(tmp_path)) == EXIT_OK
    lines = capsys.readouterr().out.splitlines()
    cells = [re.split(r"  +", line) for line in lines[1:4]]
    assert [row[5:7] for row in cells] == [["WER 20.7 / 20.5 %", "0.022 / 0.030"], ["CER 9.0 %", "-"], ["-", "-"]]
    assert "as measured on an x86-64 core" in "\n".join(lines)
    assert models("list", "--json", "--models-dir", str(tmp_path)) == EXIT_OK
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["measured"]["float_cpu_share"] == 0.0301
    assert (rows[1]["measured"]["sets"], rows[1]["measured"]["behind"]) == ("others", "en")
    write(tmp_path, {**plain(), "version": "0.14"})  # an older one, of which nothing is known
    assert models("list", "--json", "--models-dir", str(tmp_path)) == EXIT_OK
    old = json.loads(capsys.readouterr().out)[0]
    assert (old["state"], old["version"], old["measured"]) == ("installed", "0.14", None)


def test_the_folder_comes_from_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_ASR_MODELS", str(tmp_path / "there"))
    assert models("list") == EXIT_OK
    assert f"Models folder: {tmp_path / 'there'}" in capsys.readouterr().out
    assert models("list", "--set", f"models.dir={tmp_path / 'here'}") == EXIT_OK
    assert f"Models folder: {tmp_path / 'here'}" in capsys.readouterr().out


def test_pull_builds_once_and_again_by_force_or_when_broken(
    tiny: Published, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ("--models-dir", str(tmp_path))
    assert models("pull", "en", *where) == EXIT_OK
    first = capsys.readouterr()
    assert first.out.startswith("en: ready, ")
    assert "en: 7/7 check" in first.err
    inode = (tmp_path / "en").stat().st_ino
    assert models("pull", "en", *where) == EXIT_OK
    again = capsys.readouterr().out
    assert again.startswith("en: already here, ")
    assert "made of" not in again
    assert (tmp_path / "en").stat().st_ino == inode
    assert models("pull", "en", "--force", *where) == EXIT_OK
    assert capsys.readouterr().out.startswith("en: ready, ")
    (tmp_path / "en/graph.fst").write_bytes(b"")
    assert models("pull", "en", *where) == EXIT_OK
    broken = capsys.readouterr()
    assert "graph.fst has 0 bytes" in broken.err
    assert broken.out.startswith("en: ready, ")
    assert models("verify", *where) == EXIT_OK
    manifest = tmp_path / "en/manifest.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(told | {"source": "tiny-model==0.9"}))
    assert models("pull", "en", *where) == EXIT_OK
    assert "made of something else than what is published now (build again: --force)" in capsys.readouterr().out
    del told["files"]["lexicon"]
    manifest.write_text(json.dumps(told))
    assert models("verify", *where) == EXIT_OK
    assert models("pull", "en", *where) == EXIT_OK
    assert "en was built without lexicon; building it again" in capsys.readouterr().err
    assert "lexicon" in json.loads(manifest.read_text())["files"]


def test_without_a_name_the_configured_model_is_pulled(
    tiny: Published, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert models("pull", "--models-dir", str(tmp_path)) == EXIT_OK
    assert capsys.readouterr().out.startswith("en: ready, ")


def test_a_configured_model_of_one_s_own_cannot_be_pulled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--models-dir", str(tmp_path), "--set", "models.bundle=my-own")
    assert models("pull", *words) == EXIT_CONFIG
    assert "there is no model 'my-own' to pull" in capsys.readouterr().err


def test_unknown_names_stop_everything_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--models-dir", str(tmp_path / "models"))
    assert models("pull", "en", "xx", *where) == EXIT_CONFIG
    assert (
        capsys.readouterr().err
        == "edge-asr: there is no model 'xx' to pull; known are: en, zh, moonshine-tiny-en, moonshine-base-en, "
        "silero-vad\n"
    )
    assert not (tmp_path / "models").exists()
    for action in ("verify", "remove"):
        assert models(action, "../models", *where) == EXIT_CONFIG
        assert "there is no model '../models'; none is installed" in capsys.readouterr().err


def test_verify_tries_them_all_and_fails_for_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--models-dir", str(tmp_path))
    assert models("verify", *where) == EXIT_CONFIG
    assert "there are no models in" in capsys.readouterr().err
    folder = write(tmp_path, plain())
    write(tmp_path, {**plain(), "name": "mine"}, "mine")
    assert models("verify", *where) == EXIT_OK
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["en", "mine"]
    (folder / "words.bin").write_bytes(b"wordswordsword!")
    assert models("verify", *where) == EXIT_CONFIG
    said = capsys.readouterr()
    assert "words.bin is corrupt" in said.err
    assert said.out.startswith("mine: every file")


def test_remove_takes_the_bundle_and_with_the_last_one_the_archives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--models-dir", str(tmp_path))
    write(tmp_path, plain())
    write(tmp_path, {**plain(), "name": "mine"}, "mine")
    (tmp_path / ".cache").mkdir()
    (tmp_path / "private").mkdir()
    assert models("remove", "private", *where) == EXIT_CONFIG
    assert models("remove", "mine", *where) == EXIT_OK
    assert (tmp_path / ".cache").exists()
    assert models("remove", "en", *where) == EXIT_OK
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "private"]
    capsys.readouterr()
    assert models("remove", "en", *where) == EXIT_CONFIG
    assert "en is not installed in" in capsys.readouterr().err


def test_a_missing_extra_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in {"edge_asr_export", "onnx"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    for engine, fix in ((None, "pip install 'edge-asr[export]'"), ("docker", pull_command("en", "docker"))):
        monkeypatch.setattr("edge_asr.cli.models.container_engine", lambda engine=engine: engine)
        assert models("pull", "en", "--models-dir", str(tmp_path)) == EXIT_CONFIG
        expected = f"edge-asr: building a model needs the package onnx; run: {fix}\n"
        assert capsys.readouterr().err == expected


@pytest.mark.bundle
def test_the_pulled_bundle_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert models("verify", "en") == EXIT_OK
    assert capsys.readouterr().out.startswith("en: every file is as the manifest says")
