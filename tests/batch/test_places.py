"""Which recordings are found, and where their documents go."""

from pathlib import Path, PurePath

import pytest

from edge_asr.batch.finding import Found, Missed, find
from edge_asr.batch.places import places, write_whole
from edge_asr.errors import EdgeAsrError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folder_gives_its_recordings_sorted_and_nothing_hidden(tmp_path: Path) -> None:
    touch(tmp_path, "b.WAV", "a.mp3", "c/d.mkv", "c/e.py", "._a.mp3", ".git/x.wav", "notes.txt")
    (tmp_path / "c" / "again").symlink_to(tmp_path)  # no way round and round
    found = find([str(tmp_path)])
    assert [str(one.place) for one in found if isinstance(one, Found)] == ["a.mp3", "b.WAV", "c/d.mkv"]
    assert len(found) == 3


def test_names_keep_their_order_and_a_file_its_odd_name(tmp_path: Path) -> None:
    touch(tmp_path, "z.wav", "a.dat", "empty/readme")
    found = find([str(tmp_path / "z.wav"), str(tmp_path / "empty"), str(tmp_path / "a.dat")])
    assert found[0] == Found(tmp_path / "z.wav", PurePath("z.wav"))
    assert isinstance(found[1], Missed)
    assert found[2] == Found(tmp_path / "a.dat", PurePath("a.dat"))


def test_recordings_that_differ_in_their_ending_alone_keep_it() -> None:
    found = [Found(Path(f"in/{name}"), PurePath(name)) for name in ("a.wav", "a.flac", "b.c.wav")]
    there = places(found, ("text", "srt"), Path("out"))
    assert [str(mine["text"]) for mine in there] == ["out/a.wav.txt", "out/a.flac.txt", "out/b.c.txt"]
    assert str(there[2]["srt"]) == "out/b.c.srt"
    assert [str(mine["text"]) for mine in places(found, ("text",), None)][2] == "in/b.c.txt"


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    found = [Found(tmp_path / name, PurePath(name)) for name in ("talk.mp4", "talk.txt.wav", "other.txt")]
    with pytest.raises(EdgeAsrError, match=r"'.*other\.txt' is a recording itself"):
        places(found, ("text",), None)


def test_a_document_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "new" / "a.txt"
    write_whole(place, "first\n")
    with pytest.raises(UnicodeEncodeError):
        write_whole(place, "second" * 10_000 + "\ud800")
    assert [(path.name, path.read_text()) for path in place.parent.iterdir()] == [("a.txt", "first\n")]
