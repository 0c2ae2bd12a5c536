"""What can be chosen is what is installed; phrases reach the model, and a fault names them alone."""

import json
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge_asr.asr.catalogue import find
from edge_asr.asr.zipformer.beam_search import BeamTransducer
from edge_asr.asr.zipformer.recognizer import ZipformerRecognizer
from edge_asr.brains import Brains
from edge_asr.clock import SystemClock
from edge_asr.config import Config, GateConfig, ModelsConfig, RecognizerConfig, SecondPassConfig
from edge_asr.controls import Choice, ControlValues
from edge_asr.errors import ConfigError, ModelError
from edge_asr.hearing import Hearing
from edge_asr.loading import begin_hearing, load_brains
from edge_asr.metrics import Metrics
from edge_asr.model_choice import hearing_with, model_choices, model_report
from tests.asr.moonshine import tiny_moonshine
from tests.asr.zipformer import zipformers

CHOICES = (Choice("mine", "en", True), Choice("tiny", "en", False))
PHRASES = ("AB", "BA :3.5")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with a transducer called `mine`, a Moonshine called `tiny`, and what is none."""
    folder = tmp_path / "models"
    folder.mkdir()
    tiny_moonshine.bundle(folder)
    shutil.copytree(zipformers.network("transducer").bundle.folder, folder / "mine")
    (folder / "broken").mkdir()
    (folder / "note.txt").touch()
    return folder


def config(models: Path, bundle: str = "tiny", hotwords_file: str | None = None) -> Config:
    return Config(
        models=ModelsConfig(dir=str(models), bundle=bundle),
        gate=GateConfig(vad="webrtc"),
        recognizer=RecognizerConfig(hotwords_file=hotwords_file),
    )


def values(model: str, hotwords: tuple[str, ...] = ()) -> ControlValues:
    return ControlValues(mute=True, sensitivity=7, model=model, hotwords=hotwords)


def test_only_whole_bundles_that_can_listen_are_a_choice(models: Path) -> None:
    assert model_choices(config(models)) == CHOICES
    assert model_choices(config(models / "nowhere")) == ()


def test_phrases_reach_a_transducer_and_leave_no_file(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(models))
    with hearing_with(config(models), Hearing("mine", PHRASES), CHOICES) as chosen:
        assert chosen.models.bundle == "mine"
        assert Path(str(chosen.recognizer.hotwords_file)).read_text() == "AB\nBA :3.5\n"
    assert not list(models.glob("edge_asr-*"))


def test_a_configured_file_is_left_out_where_it_is_of_no_use_and_only_then(models: Path) -> None:
    given = config(models, "mine", "words.txt")
    for name, kept in (("mine", "words.txt"), ("tiny", None)):
        with hearing_with(given, Hearing(name, ()), CHOICES) as chosen:
            assert chosen.recognizer.hotwords_file == kept
    with hearing_with(config(models, "tiny", "words.txt"), Hearing("tiny", ()), CHOICES) as chosen:
        assert chosen.recognizer.hotwords_file == "words.txt"  # a mistake that is to be told


def load(models: Path, hearing: Hearing, rate_hz: int = 16_000) -> ZipformerRecognizer:
    brains = load_brains(config(models), CHOICES, rate_hz, SystemClock(), Metrics(), hearing)
    assert brains.second_pass is None
    assert isinstance(brains.recognizer, ZipformerRecognizer)
    return brains.recognizer


def test_a_model_is_loaded_with_its_phrases(models: Path) -> None:
    told = load(models, Hearing("mine", PHRASES))
    assert isinstance(told._search, BeamTransducer)
    assert not isinstance(load(models, Hearing("mine", ()))._search, BeamTransducer)


def test_a_phrase_that_the_model_cannot_spell_is_named_without_the_file(models: Path) -> None:
    with pytest.raises(ConfigError, match=r"^hotwords line 2: the model has no tokens for '日本'"):
        load(models, Hearing("mine", ("AB", "日本")))


def test_another_rate_is_refused_with_the_way_to_have_it(models: Path) -> None:
    with pytest.raises(ConfigError, match=r"it hears 16000 Hz, what listens now 8000 Hz: set models.bundle = 'mine'"):
        load(models, Hearing("mine", ()), 8000)


def begin(given: Config, kept: ControlValues) -> tuple[ControlValues, Brains]:
    return begin_hearing(given, kept, CHOICES, SystemClock(), Metrics())


def test_what_was_chosen_last_is_listened_with(models: Path) -> None:
    kept = values("mine", PHRASES)
    found, brains = begin(config(models), kept)
    assert (found, brains.recognizer.model) == (kept, "mine")
    assert isinstance(brains.recognizer, ZipformerRecognizer)
    assert isinstance(brains.recognizer._search, BeamTransducer)


def test_what_is_not_there_any_more_gives_way_to_what_is_configured(
    models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found, brains = begin(config(models), values("gone"))
    assert (found, brains.recognizer.model) == (values("tiny"), "tiny")
    [record] = caplog.records
    assert record.getMessage().startswith(
        "'gone' was chosen last and cannot be listened with: there is no model 'gone'"
    )
    with pytest.raises(ModelError, match="there is no model 'none'"):
        begin(config(models, "none"), values("gone"))


def test_a_choice_that_has_no_second_pass_any_more_gives_way_too(
    models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = models / "mine" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "language": "de"}))
    insisting = replace(config(models), second_pass=SecondPassConfig(enabled=True, bundle="tiny"))
    found, brains = begin(insisting, values("mine"))
    assert (found, brains.recognizer.model) == (values("tiny"), "tiny")
    assert brains.second_pass is not None
    assert "second_pass.bundle = 'tiny': it speaks 'en', 'mine' speaks 'de'" in caplog.text


def test_without_room_for_the_phrases_it_begins_as_configured(
    models: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(models / "nowhere"))
    found, brains = begin(config(models), values("mine", PHRASES))
    assert (found, brains.recognizer.model) == (values("tiny"), "tiny")
    assert "the phrases cannot be written to" in caplog.text


def test_the_version_of_a_bundle_is_held_to_the_one_that_would_be_pulled(models: Path) -> None:
    mine = model_report(config(models), "mine")
    assert (mine.installed_version, mine.latest_version, mine.title) == ("1", "1", "a small one")
    shutil.copytree(models / "tiny", models / "moonshine-tiny-en")
    manifest = models / "moonshine-tiny-en" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "name": "moonshine-tiny-en", "version": "0.1"}))
    old = model_report(config(models), "moonshine-tiny-en")
    assert (old.installed_version, old.latest_version) == ("0.1", find("moonshine-tiny-en").version)
    assert model_report(config(models), "gone").installed_version == "unknown"
