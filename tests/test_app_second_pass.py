"""What becomes of a second pass that is there by itself and cannot be used: one line, and the first pass goes on."""

import json
import logging
from pathlib import Path

import pytest

from edge_asr.asr.bundle import load_bundle
from edge_asr.config import Config, ModelsConfig, SecondPassConfig
from edge_asr.errors import ModelError
from edge_asr.loading import available_second_pass
from edge_asr.second_pass_choice import second_pass_bundle
from tests.asr import test_bundle
from tests.asr.moonshine import tiny_moonshine


@pytest.fixture
def models(tmp_path: Path) -> Path:
    test_bundle.write(tmp_path, test_bundle.plain())
    return tmp_path


def wanted(models: Path, *, enabled: bool | str = "auto", bundle: str = "tiny") -> Config:
    second_pass = SecondPassConfig(enabled=enabled, bundle=bundle)  # type: ignore[arg-type]
    return Config(models=ModelsConfig(dir=str(models)), second_pass=second_pass)


def cut_short(folder: Path) -> None:
    (folder / "tokenizer.bin").write_bytes(b"")


def no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def no_network(folder: Path) -> None:
    """As large as it should be, and not what it should be: what an SD card makes of a file."""
    manifest = json.loads((folder / "manifest.json").read_text())
    entry = manifest["files"]["decoder"]
    (folder / entry["path"]).write_bytes(bytes(entry["bytes"]))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [(cut_short, "has 0 bytes"), (no_manifest, "manifest.json is missing"), (no_network, "is not a network")],
)
def test_spoiled_files_cost_the_second_pass_and_not_the_daemon(
    models: Path, spoil: object, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert callable(spoil)
    spoil(tiny_moonshine.bundle(models).folder)
    assert available_second_pass(wanted(models)) is None
    [line] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert said in line
    assert "run: edge-asr models" in line
    with pytest.raises(ModelError, match=said):  # asked for: then it is the owner's to mend
        available_second_pass(wanted(models, enabled=True))


def test_a_model_that_only_streams_is_none(models: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert available_second_pass(wanted(models, bundle="en")) is None
    assert "expected one of the kind 'moonshine'" in caplog.text


def test_another_language_is_said_without_alarm(models: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    tiny_moonshine.bundle(models, language="fr")
    assert available_second_pass(wanted(models)) is None
    assert "it speaks 'fr', 'en' speaks 'en'" in caplog.text
    assert {record.levelno for record in caplog.records} == {logging.INFO}


def test_one_that_is_not_installed_is_not_missed(models: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert available_second_pass(wanted(models)) is None
    assert caplog.records == []


def test_one_that_is_there_is_named(models: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    tiny_moonshine.bundle(models)
    second_pass = available_second_pass(wanted(models))
    assert second_pass is not None
    assert second_pass.model == "tiny"
    assert "tiny" in caplog.text


def alone(models: Path, *, enabled: bool | str, bundle: str = "tiny") -> Config:
    second_pass = SecondPassConfig(enabled=enabled, bundle=bundle)  # type: ignore[arg-type]
    return Config(models=ModelsConfig(dir=str(models), bundle="tiny"), second_pass=second_pass)


def test_what_listens_alone_is_not_asked_again_unless_that_is_wanted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tiny_moonshine.bundle(tmp_path)
    assert available_second_pass(alone(tmp_path, enabled="auto")) is None
    [record] = caplog.records
    assert record.levelno == logging.INFO
    assert "no second pass: second_pass.bundle = 'tiny': 'tiny' has heard it already" in record.getMessage()
    assert available_second_pass(alone(tmp_path, enabled=False)) is None
    wanted = available_second_pass(alone(tmp_path, enabled=True))
    assert wanted is not None
    assert wanted.model == "tiny"


@pytest.mark.parametrize(("width", "wanted"), [(3, False), (4, False), (5, True)])
def test_behind_one_of_its_family_only_a_larger_one_is_of_use(width: int, wanted: bool, tmp_path: Path) -> None:
    tiny_moonshine.bundle(tmp_path)
    tiny_moonshine.write(tmp_path, tiny_moonshine.content(), "other", width=width)
    config = alone(tmp_path, enabled="auto", bundle="other")
    first = load_bundle(tmp_path, "tiny").manifest
    found = second_pass_bundle(config, first)
    assert (found is not None) is wanted
