"""The bundle of the voice detector, from a wheel, on a network of a few hundred bytes."""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from edge_asr.asr.bundle import load_bundle, of_family, verify_bundle
from edge_asr.asr.catalogue import CatalogueEntry, find
from edge_asr.asr.manifest import SileroManifest
from edge_asr.errors import ModelError
from edge_asr_export.pull import pull
from tests.audio import tiny_silero
from tests.export.conftest import Quiet


def published(folder: Path, monkeypatch: pytest.MonkeyPatch, network: bytes) -> CatalogueEntry:
    """The catalogue's entry, for a folder as an index with a wheel of that network."""
    entry = find("silero-vad")
    path = folder / "index" / f"silero_vad-{entry.package_version}-py3-none-any.whl"
    path.parent.mkdir()
    info = f"silero_vad-{entry.package_version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{entry.folder}/{entry.members[0]}", network)
        head = (
            f"Metadata-Version: 2.1\nName: silero-vad\nVersion: {entry.package_version}\nRequires-Dist: torch>=1.12\n"
        )
        archive.writestr(f"{info}/METADATA", head)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    return replace(
        entry,
        archive_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        archive_bytes=path.stat().st_size,
    )


def test_the_wheel_becomes_a_bundle_and_nothing_it_asks_for_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: Quiet
) -> None:
    entry = published(tmp_path, monkeypatch, tiny_silero.network())
    pull(entry, tmp_path / "models", quiet)
    assert quiet.steps == ["fetch", "read", "networks", "check"]
    bundle = of_family(load_bundle(tmp_path / "models", "silero-vad"), SileroManifest)
    verify_bundle(bundle)
    assert bundle.path("network").read_bytes() == tiny_silero.network()
    assert bundle.manifest.window_samples + bundle.manifest.context_samples == 576
    assert (bundle.manifest.licence, bundle.manifest.sample_rate_hz) == ("MIT", 16000)


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (b"", "is not a network that onnxruntime can load"),
        (tiny_silero.network(row=512), "is a foreign network"),
        (tiny_silero.network(level=-1.0), "takes silence for a voice"),
    ],
)
def test_a_network_that_is_none_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: Quiet, network: bytes, complaint: str
) -> None:
    with pytest.raises(ModelError, match=complaint):
        pull(published(tmp_path, monkeypatch, network), tmp_path / "models", quiet)
    assert not (tmp_path / "models" / "silero-vad").exists()
