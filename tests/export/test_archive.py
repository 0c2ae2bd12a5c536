"""The archive: only what was asked for is read, and only to where we say."""

import zipfile
from pathlib import Path

import pytest

from edge_asr.errors import ModelError
from edge_asr_export import archive as archive_module
from edge_asr_export.archive import unpack
from tests.export.conftest import Quiet


def packed(folder: Path, **members: str) -> Path:
    path = folder / "x.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../escaped", "x")
        archive.writestr("/absolute", "x")
        for name, text in members.items():
            archive.writestr(f"inner/{name}", text)
    return path


def test_nothing_but_the_members_appears(quiet: Quiet, tmp_path: Path) -> None:
    target = tmp_path / "a/b"
    unpack(packed(tmp_path, one="1", two="2"), "inner", ["one"], target, quiet)
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == [
        "a",
        "a/b",
        "a/b/one",
        "x.whl",
    ]
    assert (target / "one").read_text() == "1"


def test_what_is_there_is_never_written_over(quiet: Quiet, tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        unpack(packed(tmp_path, one="1"), "inner", ["one"], tmp_path, quiet)
    assert not (tmp_path / "elsewhere").exists()


def test_a_member_that_is_missing_spoiled_or_huge_is_a_model_error(
    quiet: Quiet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path, one="12345678")
    with pytest.raises(ModelError, match=r"x\.whl lacks .*inner/three"):
        unpack(path, "inner", ["three"], tmp_path / "a", quiet)
    monkeypatch.setattr(archive_module, "_LONGEST_MEMBER_BYTES", 7)
    with pytest.raises(ModelError, match="one would have 8 bytes"):
        unpack(path, "inner", ["one"], tmp_path / "b", quiet)
    monkeypatch.undo()
    path.write_bytes(path.read_bytes().replace(b"12345678", b"12345679"))
    with pytest.raises(ModelError, match="not a sound archive"):
        unpack(path, "inner", ["one"], tmp_path / "c", quiet)
    path.write_text("none")
    with pytest.raises(ModelError, match="not a sound archive"):
        unpack(path, "inner", ["one"], tmp_path / "d", quiet)
