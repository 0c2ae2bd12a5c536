import json
from pathlib import Path
from typing import Any

import pytest

from edge_asr.bench.recordings import first_of_each, read_recordings
from edge_asr.errors import EdgeAsrError


def write(folder: Path, *rows: dict[str, Any] | str) -> Path:
    """A folder whose manifest has these lines; files that are named are there."""
    lines = []
    for row in rows:
        lines.append(row if isinstance(row, str) else json.dumps(row))
        if isinstance(row, dict) and isinstance(row.get("path"), str) and not row["path"].startswith(("/", "..")):
            path = folder / row["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def row(path: str = "read/1.flac", text: str | None = "hello", lang: str = "en", **more: Any) -> dict[str, Any]:
    return {"path": path, "text": text, "lang": lang, **more}


def test_rows_with_a_text_in_the_language(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        row("read/1.flac", speaker="x"),
        row("read/2.flac", text=None),
        row("read/3.flac", text=" "),
        row("mandarin/4.flac", lang="zh"),
        row("5.flac"),
        "",
    )
    found = read_recordings(folder, "en")
    assert [(one.name, one.set_name, one.text) for one in found] == [
        ("read/1.flac", "read", "hello"),
        ("5.flac", ".", "hello"),
    ]
    assert found[0].path == tmp_path / "read/1.flac"


def test_only_the_sets_that_were_asked_for(tmp_path: Path) -> None:
    folder = write(tmp_path, row("a/1.flac"), row("b/2.flac"), row("c/3.flac"))
    assert [one.name for one in read_recordings(folder, "en", ["a", "c"])] == ["a/1.flac", "c/3.flac"]


def test_a_sample_has_the_first_of_each_set(tmp_path: Path) -> None:
    folder = write(tmp_path, *(row(f"{name}/{number}.flac") for number in range(3) for name in "ab"), row("c/9.flac"))
    taken = [one.name for one in first_of_each(read_recordings(folder, "en"), 2)]
    assert taken == ["a/0.flac", "a/1.flac", "b/0.flac", "b/1.flac", "c/9.flac"]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (['{"path": 5}'], r"line 1: Expected `str`, got `int` - at `\$.path`; expected \{"),
        ([row(), "{"], r"line 2: "),
        ([row(), '{"path": "a.flac", "lang": "en"}'], r"line 2: .*missing required field `text`"),
        (["[]"], r"line 1: Expected `object`"),
        ([row("../secret.flac")], r"'\.\./secret\.flac' leads out of the folder"),
        ([row("/secret.flac")], r"'/secret\.flac' leads out of the folder"),
        ([row(lang="zh")], r"no row with a text in the language 'en'"),
        ([], r"no row with a text in the language 'en'"),
    ],
)
def test_a_fault_is_one_line(tmp_path: Path, lines: list[dict[str, Any] | str], complaint: str) -> None:
    write(tmp_path, *lines)
    with pytest.raises(EdgeAsrError, match=complaint) as caught:
        read_recordings(tmp_path, "en")
    assert "\n" not in str(caught.value)


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(EdgeAsrError, match=r"manifest\.jsonl cannot be read \(No such file or directory\); expected"):
        read_recordings(tmp_path, "en")


def test_a_manifest_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(EdgeAsrError, match="not UTF-8"):
        read_recordings(tmp_path, "en")


def test_audio_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, row("read/1.flac"))
    (tmp_path / "read/1.flac").unlink()
    with pytest.raises(EdgeAsrError, match=r"'read/1\.flac', which is not in .*copy it there"):
        read_recordings(tmp_path, "en")


def test_an_unknown_set_names_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, row("b/1.flac"), row("a/2.flac"))
    with pytest.raises(EdgeAsrError, match=r"no set 'c' .*known are: a, b"):
        read_recordings(tmp_path, "en", ["c"])
