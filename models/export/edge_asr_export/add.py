"""Add a person's own model: fetch, read, try, put in place beside those of the catalogue."""

import re
import urllib.parse
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge_asr.asr.bundle import Bundle, load_bundle
from edge_asr.asr.catalogue import CATALOGUE
from edge_asr.asr.families import load_streaming
from edge_asr.asr.manifest import AnyManifest, ZipformerManifest
from edge_asr.config import RecognizerConfig
from edge_asr.errors import ModelError
from edge_asr_export import url_archive
from edge_asr_export.install import install, locked
from edge_asr_export.progress import Progress
from edge_asr_export.zipformer_folder import About, build_bundle, choose_files

FETCH, READ, CHECK = "fetch", "read", "check"
WEIGHTS = {FETCH: 20.0, READ: 3.0, CHECK: 2.0}
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_TRY_S = 1.0


def add(
    about: About, sha256: str | None, models_dir: Path, progress: Progress, *, full_precision: bool, force: bool
) -> Bundle[AnyManifest]:
    """Make a bundle of a streaming zipformer in sherpa-onnx's layout, which lies at `about.source`.

    That is a folder, a tar or zip archive, or the http(s) address of one; an address needs the archive's `sha256`.
    Raises ModelError, or EdgeAsrError when another process is changing the folder; no half of a bundle is ever seen.
    """
    _check_words(about, sha256)
    if not force and (models_dir / about.name).exists():
        raise ModelError(
            f"there is a model {about.name!r} in {models_dir}; choose another name, or replace it: --force"
        )
    said = replace(about, source=_without_secrets(about.source))
    with locked(models_dir):

        def build(bundle: Path, work: Path) -> None:
            progress.start(FETCH)
            source = _local(about.source, sha256, work, progress)
            progress.start(READ)
            files = _files(source, work, full_precision=full_precision)
            try:
                made = build_bundle(files, bundle, said)
                progress.start(CHECK)
                _try(made)
            except ModelError as error:
                text = str(error).replace(f"{bundle}/", "").partition("; run: edge-asr models")[0]
                raise ModelError(f"{said.source} cannot be added: {text}") from error

        try:
            install(models_dir, about.name, build)
        except OSError as error:
            raise ModelError(f"{about.name} could not be built in {models_dir}: {error}") from error
        return load_bundle(models_dir, about.name)


def _check_words(about: About, sha256: str | None) -> None:
    if not _NAME.match(about.name):
        raise ModelError(f"the name is {about.name!r}, expected 1 to 64 letters, digits, - or _")
    if any(entry.name == about.name for entry in CATALOGUE):
        raise ModelError(f"{about.name!r} is a model of the catalogue; choose another name")
    if not _LANGUAGE.match(about.language):
        raise ModelError(f"--language is {about.language!r}, expected a code such as de or zh-TW")
    if sha256 is not None and not _SHA256.match(sha256):
        raise ModelError(f"--sha256 is {sha256!r}, expected 64 digits 0-9 a-f")
    if not _URL.match(about.source):
        return
    if not about.source.lower().startswith(("https://", "http://")):
        raise ModelError(
            f"--from is {_without_secrets(about.source)!r}, expected a folder, an archive or http(s)://..."
        )
    if sha256 is None:
        raise ModelError(
            f"{_without_secrets(about.source)} is fetched only with --sha256: say what the archive must be"
        )


def _local(source: str, sha256: str | None, work: Path, progress: Progress) -> Path:
    """Folder or archive on this machine."""
    if _URL.match(source):
        assert sha256 is not None  # noqa: S101 - `_check_words` has seen to it
        archive = work / "archive"
        url_archive.fetch(source, sha256, archive, progress)
        return archive
    path = Path(source).expanduser()
    if not path.exists():
        raise ModelError(f"{path} is not there; expected a folder, an archive or http(s)://...")
    if sha256 is not None:
        if path.is_dir():
            raise ModelError(f"{path} is a folder, which has no sha256; leave out --sha256 or name an archive")
        url_archive.check(path, sha256)
    return path


def _files(source: Path, work: Path, *, full_precision: bool) -> dict[str, Path]:
    """File of each role, on this machine."""
    try:
        if source.is_dir():
            inside = {str(path.relative_to(source)): path for path in source.rglob("*") if path.is_file()}
            chosen = choose_files(inside, full_precision=full_precision)
            return {role: inside[name] for role, name in chosen.items()}
        chosen = choose_files(url_archive.names(source), full_precision=full_precision)
    except ModelError as error:
        raise ModelError(f"{source.name} cannot be added: {error}") from error
    targets = {role: work / role for role in chosen}
    url_archive.unpack(source, {name: targets[role] for role, name in chosen.items()})
    return targets


def _try(bundle: Bundle[ZipformerManifest]) -> None:
    """Load it and decode a second of noise."""
    recognizer = load_streaming(bundle, RecognizerConfig())
    noise = np.random.default_rng(1).normal(0.0, 1000.0, int(_TRY_S * recognizer.sample_rate_hz)).astype(np.int16)
    _, state = recognizer.step(noise, recognizer.start())
    recognizer.finish(state)


def _without_secrets(source: str) -> str:
    """An address without user, password and query; they would be kept in the manifest and shown by `list`."""
    if not _URL.match(source):
        return source
    parts = urllib.parse.urlsplit(source)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
