"""A bundle that lacks something is refused with the value and the fix."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_asr.asr.bundle import load_bundle, of_family, verify_bundle
from edge_asr.asr.manifest import KaldiManifest
from edge_asr.errors import EXIT_CONFIG, ModelError

CONTENT = {role: role.encode() * 3 for role in KaldiManifest.ROLES}


def plain() -> dict[str, Any]:
    """A manifest as JSON."""
    return {
        "format": 2,
        "kind": "kaldi-tdnnf",
        "name": "en",
        "language": "en",
        "description": "tiny",
        "version": "1",
        "licence": "Apache-2.0",
        "source": "tiny==1 inner",
        "sample_rate_hz": 16000,
        "features": {
            "mel_bins": 40,
            "ceps": 40,
            "low_hz": 20.0,
            "high_hz": 7600.0,
            "frame_shift_ms": 10.0,
            "frame_length_ms": 25.0,
        },
        "left_context_frames": 26,
        "right_context_frames": 14,
        "subsampling_factor": 3,
        "ivector_dim": 30,
        "pdfs": 10,
        "labels": 20,
        "search": {"beam": 11.0, "max_active": 5000, "acoustic_scale": 1.0},
        "files": {
            role: {"path": f"{role}.bin", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for role, data in CONTENT.items()
        },
    }


def write(models: Path, manifest: dict[str, Any], name: str = "en") -> Path:
    folder = models / name
    folder.mkdir(parents=True)
    for role, data in CONTENT.items():
        (folder / f"{role}.bin").write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_whole_bundle_loads_and_is_verified(tmp_path: Path) -> None:
    folder = write(tmp_path, plain())
    bundle = of_family(load_bundle(tmp_path, "en"), KaldiManifest)
    verify_bundle(bundle)
    assert bundle.path("graph") == folder / "graph.bin"
    assert bundle.manifest.features.high_hz == 7600.0


def test_a_missing_bundle_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model 'en' in .*; run: edge-asr models pull en$") as caught:
        load_bundle(tmp_path, "en")
    assert caught.value.exit_code == EXIT_CONFIG


def test_a_missing_or_cut_off_file_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, plain())
    (folder / "graph.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"graph\.bin has 1 bytes, the manifest says 15; run: .* pull en --force"):
        load_bundle(tmp_path, "en")
    (folder / "graph.bin").unlink()
    with pytest.raises(ModelError, match=r"graph\.bin is missing; run: .* pull en --force"):
        load_bundle(tmp_path, "en")
    (folder / "graph.bin").mkdir()
    with pytest.raises(ModelError, match=r"graph\.bin is missing"):
        load_bundle(tmp_path, "en")


def test_a_changed_byte_is_found_by_verify_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, plain())
    (folder / "words.bin").write_bytes(b"wordswordsword!")
    bundle = load_bundle(tmp_path, "en")
    found, wanted = hashlib.sha256(b"wordswordsword!").hexdigest(), bundle.manifest.files["words"].sha256
    with pytest.raises(ModelError, match=rf"words\.bin is corrupt: sha256 {found}, the manifest says {wanted}; run:"):
        verify_bundle(bundle)
    (folder / "words.bin").unlink()
    with pytest.raises(ModelError, match=r"words\.bin cannot be read"):
        verify_bundle(bundle)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda m: m.update(format=1), r"\$\.format"),
        (lambda m: m.update(kind="zipformer"), r"'zipformer'.*\$\.kind"),
        (lambda m: m.update(extra=1), "unknown field `extra`"),
        (lambda m: m["features"].update(ceps="x"), r"\$\.features\.ceps"),
        (lambda m: m.update(pdfs=0), r"\$\.pdfs"),
        (lambda m: m.pop("labels"), "missing required field `labels`"),
        (lambda m: m["files"]["graph"].update(path="../graph.bin"), r"\$\.files"),
        (lambda m: m["files"]["graph"].update(path="/graph.bin"), r"\$\.files"),
        (lambda m: m["files"]["graph"].update(path=".hidden"), r"\$\.files"),
        (lambda m: m["files"].pop("graph"), "lists the files .*, expected .*'graph'"),
        (lambda m: m.update(name="fr"), "names the model 'fr', its folder 'en'"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(
    change: Callable[[dict[str, Any]], object], complaint: str, tmp_path: Path
) -> None:
    manifest = plain()
    change(manifest)
    write(tmp_path, manifest)
    with pytest.raises(ModelError, match=complaint):
        load_bundle(tmp_path, "en")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b'{"name": "\xff"}'])
def test_a_manifest_that_is_no_json_is_refused(data: bytes, tmp_path: Path) -> None:
    folder = write(tmp_path, plain())
    (folder / "manifest.json").write_bytes(data)
    with pytest.raises(ModelError, match=r"manifest\.json is not a manifest that this version knows"):
        load_bundle(tmp_path, "en")
    (folder / "manifest.json").unlink()
    with pytest.raises(ModelError, match=r"manifest\.json is missing"):
        load_bundle(tmp_path, "en")
