"""Progress of a download, read from a folder in which the client writes and removes."""

import os
from pathlib import Path
from typing import Any

import pytest

from edge_asr_export.download import largest_file


def test_the_largest_file_counts_however_deep(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/large").write_bytes(bytes(30))
    (tmp_path / "small").write_bytes(bytes(20))
    assert largest_file(tmp_path) == 30
    assert largest_file(tmp_path / "none") == 0


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_goes_while_it_is_looked_at_is_passed_over(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "going").mkdir()
    (tmp_path / "going/part").write_bytes(bytes(50))
    (tmp_path / "kept").write_bytes(bytes(20))
    real: Any = os.scandir

    def scandir(path: Any = ".") -> Any:
        if Path(path).name != "going":
            return real(path)
        if what == "file":
            found = real(path)
            (tmp_path / "going/part").unlink()
            return found
        (tmp_path / "going/part").unlink()
        (tmp_path / "going").rmdir()
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert largest_file(tmp_path) == 20
    assert not (tmp_path / "going/part").exists()
