"""The models that can be chosen while the daemon runs, and the configuration with one of them in it."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec.structs import replace

from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.catalogue import CATALOGUE
from edge_asr.asr.manifest import (
    KaldiManifest,
    Manifest,
    MoonshineManifest,
    ZipformerManifest,
    ZipformerTransducerManifest,
)
from edge_asr.commands import MODES
from edge_asr.config import Config
from edge_asr.controls import Choice
from edge_asr.errors import ConfigError, ModelError
from edge_asr.events import ModelReport
from edge_asr.hearing import Hearing
from edge_asr.settings import model_folder

_LISTENERS = (KaldiManifest, MoonshineManifest, ZipformerManifest)


def model_choices(config: Config) -> tuple[Choice, ...]:
    """Bundles that are installed, whole by their manifest, and can listen; by name."""
    folder = model_folder(config)
    try:
        names = sorted(each.name for each in folder.iterdir() if each.is_dir())
    except OSError:
        return ()
    found = []
    for name in names:
        try:
            manifest = load_bundle(folder, name).manifest
        except ModelError:
            continue  # `edge-asr models list` says what is amiss
        if isinstance(manifest, _LISTENERS):
            phrases = isinstance(manifest, ZipformerTransducerManifest)
            sentences = isinstance(manifest, KaldiManifest) and "lexicon" in manifest.files
            found.append(Choice(name, manifest.language, phrases, sentences))
    return tuple(found)


def bundle_manifest(config: Config, name: str) -> Manifest:
    """What a bundle says of itself; raises ModelError where there is none of that name any more."""
    return load_bundle(model_folder(config), name).manifest


def model_report(config: Config, name: str) -> ModelReport:
    """Version of a bundle beside the one that `models pull` would fetch; of a bundle of your own there is no newer."""
    try:
        manifest = bundle_manifest(config, name)
    except ModelError:  # it was taken away since it was loaded
        return ModelReport(installed_version="unknown", latest_version="unknown", title=name)
    known = [entry.version for entry in CATALOGUE if entry.name == name]
    latest = known[0] if known else manifest.version
    return ModelReport(installed_version=manifest.version, latest_version=latest, title=manifest.description)


@contextmanager
def hearing_with(config: Config, hearing: Hearing, choices: Sequence[Choice]) -> Iterator[Config]:
    """The configuration with that model, mode and those phrases; phrases lie in a file while it is loaded.

    A configured file of phrases is left out where the model could not be told any. Raises ConfigError: a phrase is of
    no use to the model, or there is no room for the file.
    """
    takes_phrases = any(choice.phrases for choice in choices if choice.model == hearing.model)
    recognizer = config.recognizer
    if not takes_phrases and hearing.model != config.models.bundle:
        recognizer = replace(recognizer, hotwords_file=None)
    commands = next((replace(config.commands, mode=mode) for mode in MODES if mode == hearing.mode), config.commands)
    config = replace(config, models=replace(config.models, bundle=hearing.model), commands=commands)
    if not hearing.hotwords:
        yield replace(config, recognizer=recognizer)
        return
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="edge_asr-"))
            file = Path(folder) / "hotwords"
            file.write_text("\n".join(hearing.hotwords) + "\n", encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"the phrases cannot be written to a temporary file ({error.strerror or error}): make room for "
                "it, or set TMPDIR to a folder that has some"
            ) from None
        recognizer = replace(recognizer, hotwords_file=str(file))
        try:
            yield replace(config, recognizer=recognizer)
        except ConfigError as error:
            raise ConfigError(str(error).replace(f"recognizer.hotwords_file: {file} ", "hotwords ")) from None
