"""Copies of the English bundle in which one thing is wrong; the files that are right are links."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from edge_asr.asr.bundle import MANIFEST_FILE
from edge_asr.config import Config
from edge_asr.settings import model_folder

NAME = "en"
JUNK = bytes(range(256)) * 20  # what no file of a bundle, and no audio, looks like


def real_bundle() -> Path:
    """Folder of the bundle that the tests need; fails the test when it is not there."""
    folder = model_folder(Config()) / NAME
    if not (folder / MANIFEST_FILE).is_file():
        pytest.fail(f"the English bundle is not in {folder}; run: make bundle", pytrace=False)
    return folder


def file_of(role: str) -> Path:
    """A file of the real bundle."""
    return real_bundle() / str(_manifest()["files"][role]["path"])


def copy_bundle(
    models: Path, replaced: Mapping[str, bytes | None] | None = None, *, admitted: bool = True, **manifest: Any
) -> Path:
    """Bundle `en` in the new folder `models`; role -> what its file holds instead, None: no such file.

    admitted: sizes and checksums in the manifest are those of the replaced files. manifest: keys that are set anew.
    """
    real, folder = real_bundle(), models / NAME
    folder.mkdir(parents=True)
    content = _manifest() | manifest
    for role, entry in content["files"].items():
        target = folder / entry["path"]
        data = (replaced or {}).get(role, b"")
        if data is None:
            continue
        if not data:
            target.symlink_to(real / entry["path"])
            continue
        target.write_bytes(data)
        if admitted:
            entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / MANIFEST_FILE).write_text(json.dumps(content))
    return models


def own_copy(models: Path, role: str) -> Path:
    """A bundle whose file of `role` is a real copy, to be spoiled."""
    copy_bundle(models)
    path = models / NAME / file_of(role).name
    path.unlink()
    shutil.copyfile(file_of(role), path)
    return path


def _manifest() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((real_bundle() / MANIFEST_FILE).read_text())
    return content


def has_lexicon() -> bool:
    """Whether it was built with pronunciations."""
    return "lexicon" in _manifest()["files"]
