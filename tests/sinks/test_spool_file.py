"""The file of the spool: what is in it survives, what is not ours stays as it is, what is deleted is gone."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.sinks.spool_file import FileFault, Row, SpoolFile, said

ROW = Row(7, b"turn on the light", 1.5)


def snapshot(path: Path, to: Path) -> Path:
    """The file and its log as they are now: what the next process finds after a SIGKILL."""
    to.mkdir()
    for each in path.parent.glob(f"{path.name}*"):
        shutil.copy(each, to)
    return to / path.name


def test_what_was_committed_is_there_without_a_close(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path / "folder" / "spool.sqlite")
    file.change([ROW, Row(9, b"and off", None)], [])
    found = SpoolFile(snapshot(file.path, tmp_path / "later"))
    assert found.rows(10) == ([ROW, Row(9, b"and off", None)], 0)
    found.close()
    file.close()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.just("crash"), st.just("close"), st.tuples(st.integers(0, 3), st.integers(0, 4))), max_size=8)
)
def test_order_and_content_survive_whatever_comes(steps: list[str | tuple[int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, number = Path(folder) / "0" / "spool.sqlite", 0
        model: list[Row] = []
        file = SpoolFile(path)
        for index, step in enumerate(steps):
            if isinstance(step, tuple):
                gone = [row.number for row in model[: step[1]]]
                new = [Row(number + each, b"%d" % (number + each), None) for each in range(step[0])]
                number += step[0]
                file.change(new, gone)
                model = model[step[1] :] + new
            elif step == "close":
                file.close()
                file = SpoolFile(file.path)
            else:
                later = snapshot(file.path, Path(folder) / str(index + 1))
                file.close()
                file = SpoolFile(later)
            assert file.rows(100) == (model, 0)
        file.close()


def test_of_too_many_the_newest_are_read_and_the_others_deleted(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path / "spool.sqlite")
    file.change([Row(number, b"x", None) for number in range(3, 23)], [])
    rows, deleted = file.rows(5)
    assert ([row.number for row in rows], deleted) == (list(range(18, 23)), 15)
    assert file.rows(5) == (rows, 0)
    file.close()


def test_the_owner_alone_may_read_it_whatever_it_was_before(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    before = os.umask(0)
    try:
        file = SpoolFile(path)
        file.change([ROW], [])
        modes = {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o600}
    assert len(list(tmp_path.iterdir())) == 2
    file.close()
    path.chmod(0o644)
    SpoolFile(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_deleted_stands_in_no_byte_of_it(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path / "spool.sqlite")
    file.change([Row(number, b"secret %d" % number * 200, None) for number in range(50)], [])
    assert any(b"secret" in each.read_bytes() for each in tmp_path.iterdir())
    file.sync()
    file.tidy()
    file.change([], list(range(50)))
    file.tidy()
    assert not any(b"secret" in each.read_bytes() for each in tmp_path.iterdir())
    assert (tmp_path / "spool.sqlite-wal").stat().st_size == 0
    file.close()


@pytest.mark.parametrize("content", [b"my notes\n", b"SQLite format 3\0" + b"\1" * 200])
def test_a_file_of_somebody_else_is_refused_and_stays_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    path.chmod(0o640)
    with pytest.raises(FileExistsError, match="it is something else"):
        SpoolFile(path)
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def filled(path: Path) -> bytes:
    file = SpoolFile(path)
    file.change([Row(number, b"words " * 500, None) for number in range(20)], [])
    file.close()
    return path.read_bytes()


def test_a_corrupt_one_is_put_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    whole = filled(path)
    broken = whole[:4096] + b"\x55" * (len(whole) - 4096)
    path.write_bytes(broken)
    file = SpoolFile(path)
    assert file.put_aside
    assert file.rows(10) == ([], 0)
    file.change([ROW], [])
    file.close()
    assert (tmp_path / "spool.sqlite.corrupt").read_bytes() == broken
    again = SpoolFile(path)
    assert not again.put_aside
    assert again.rows(10) == ([ROW], 0)
    again.close()


@pytest.mark.parametrize("kept", [100, 4096, 9000])
def test_a_file_cut_short_or_full_of_zeros_is_put_aside(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    whole = filled(path)
    for content in (whole[:kept], bytes(kept)):
        path.write_bytes(content)
        file = SpoolFile(path)
        assert file.put_aside
        assert file.rows(10) == ([], 0)
        file.close()
        assert (tmp_path / "spool.sqlite.corrupt").read_bytes() == content


def test_one_that_another_process_has_open_is_refused_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    program = (
        "import sys; from pathlib import Path; from edge_asr.sinks.spool_file import SpoolFile; "
        "file = SpoolFile(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        with pytest.raises(FileFault) as caught:
            SpoolFile(path)
        child.kill()
    assert "give each daemon an mqtt.spool.path of its own" in said(caught.value, path)
    SpoolFile(path).close()


def test_a_place_where_no_file_can_be_is_one_line_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "spool.sqlite", tmp_path, Path("/proc/none/spool.sqlite")):
        with pytest.raises(FileFault) as caught:
            SpoolFile(path)
        assert said(caught.value, path).startswith(f"cannot keep finals in {path} (")
        assert said(caught.value, path).endswith("or set mqtt.spool.path")
