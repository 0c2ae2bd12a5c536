"""What the doctor says of the second pass, with a tiny one behind a first pass that is a manifest alone."""

from pathlib import Path
from typing import Any

import pytest

from edge_asr.config import CommandsConfig, Config, ModelsConfig, SecondPassConfig
from edge_asr.doctor.finding import Finding
from edge_asr.doctor.second_pass import second_pass
from edge_asr.errors import ConfigError, ModelError
from tests.asr import test_bundle
from tests.asr.moonshine import tiny_moonshine


def look(models: Path, *, full: bool = False, **wanted: Any) -> Finding:
    config = Config(models=ModelsConfig(dir=str(models)), second_pass=SecondPassConfig(bundle="tiny", **wanted))
    [found] = second_pass(config, full=full)
    return found


@pytest.fixture
def models(tmp_path: Path) -> Path:
    test_bundle.write(tmp_path, test_bundle.plain())
    return tmp_path


def test_one_that_is_there_is_tried(models: Path) -> None:
    tiny_moonshine.bundle(models)
    found = look(models, full=True)
    assert found.level == "ok", found
    assert found.text.startswith("tiny, 0 MB; 0.0 s for 5 s of noise")


def test_too_slow_for_its_deadline_is_a_warning_with_the_fix(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_moonshine.bundle(models)
    times = iter([0, 3_000_000_000])
    monkeypatch.setattr("edge_asr.doctor.second_pass.time.monotonic_ns", lambda: next(times))
    found = look(models)
    assert found.level == "warn"
    assert "3.0 s for 5 s of noise: most finals will not wait so long (second_pass.deadline_s = 4)" in found.text
    assert "second_pass.bundle" in found.fix


def test_none_is_no_fault_unless_it_was_asked_for(models: Path) -> None:
    assert look(models).level == "skip"
    assert look(models, enabled=False).text == "second_pass.enabled = false"
    with pytest.raises(ModelError, match="run: edge-asr models"):
        look(models, enabled=True)


def test_commands_alone_have_none_but_for_who_weighs_them(models: Path) -> None:
    def with_commands(*, opinion: bool, bundle: str = "tiny") -> Finding:
        commands = CommandsConfig(sentences="house.txt", mode="commands", second_opinion=opinion)
        second = SecondPassConfig(bundle=bundle, enabled=False)
        [found] = second_pass(
            Config(models=ModelsConfig(dir=str(models)), commands=commands, second_pass=second), full=True
        )
        return found

    tiny_moonshine.bundle(models)
    assert with_commands(opinion=False).level == "skip"
    found = with_commands(opinion=True)
    assert found.level == "ok", found
    assert found.text == "tiny, 0 MB, for commands that sound alike: 0.0 s for 5 s of noise"
    with pytest.raises(ModelError, match="nowhere"):
        with_commands(opinion=True, bundle="nowhere")
    config = Config(models=ModelsConfig(dir=str(models)), commands=CommandsConfig(sentences="x", mode="commands"))
    assert second_pass(config, full=False)[0].text == "commands are not rewritten, and nothing else is heard"


def test_what_the_commands_ask_for_and_text_does_not_has_to_be_there(models: Path) -> None:
    commands = CommandsConfig(sentences="house.txt", second_opinion=True)
    config = Config(
        models=ModelsConfig(dir=str(models)), commands=commands, second_pass=SecondPassConfig(bundle="tiny")
    )
    with pytest.raises(ModelError, match="there is no model 'tiny'"):
        second_pass(config, full=False)
    tiny_moonshine.bundle(models, language="fr")
    with pytest.raises(ConfigError, match=r"it speaks 'fr'.*or commands\.second_opinion = false"):
        second_pass(config, full=False)


def test_another_language_is_no_fault_unless_it_was_asked_for(models: Path) -> None:
    tiny_moonshine.bundle(models, language="fr")
    assert look(models).level == "skip"
    with pytest.raises(ConfigError, match=r"second_pass\.bundle = 'tiny': it speaks 'fr', 'en' speaks 'en'"):
        look(models, enabled=True)


def test_spoiled_files_are_a_fault(models: Path) -> None:
    folder = tiny_moonshine.bundle(models).folder
    data = bytearray((folder / "tokenizer.bin").read_bytes())
    data[-1] ^= 1
    (folder / "tokenizer.bin").write_bytes(data)
    assert look(models).level == "ok"
    with pytest.raises(ModelError, match="is corrupt: sha256"):
        look(models, full=True)


def test_why_there_is_none_is_said(models: Path) -> None:
    assert look(models).text == "none by tiny: it is not installed"
    tiny_moonshine.bundle(models, language="fr")
    assert look(models).text == "none by tiny: it speaks 'fr', 'en' speaks 'en'"


def test_none_is_needed_where_it_listens_alone(tmp_path: Path) -> None:
    tiny_moonshine.bundle(tmp_path)
    config = Config(models=ModelsConfig(dir=str(tmp_path), bundle="tiny"), second_pass=SecondPassConfig(bundle="tiny"))
    [found] = second_pass(config, full=False)
    assert found.level == "skip"
    assert "'tiny' has heard it already" in found.text
