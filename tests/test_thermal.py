"""The kernel's files, made by hand: what can be believed, and what is not known."""

import os
from pathlib import Path

import pytest

from edge_asr.thermal import Heat, Thermometer


def zones(folder: Path, *contents: bytes) -> str:
    for number, content in enumerate(contents):
        zone = folder / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "temp").write_bytes(content)
    return str(folder / "thermal_zone*" / "temp")


def test_the_hottest_zone_counts(tmp_path: Path) -> None:
    path = zones(tmp_path, b"48312\n", b"61000\n", b"20000\n")
    assert Thermometer(path, "").look() == Heat(61.0, None)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"ninety\n", b"-274000\n", b"999999\n", b"1e5\n", b"\xff\xfe\n", b"0" * 5000, b"9" * 5000, b"\0" * 64],
    ids=repr,
)
def test_what_is_absurd_is_not_known(content: bytes, tmp_path: Path) -> None:
    path = zones(tmp_path, content)
    heat = Thermometer(path, path).look()
    assert heat.celsius in {None, 0.0}
    (tmp_path / "thermal_zone9").mkdir()
    (tmp_path / "thermal_zone9" / "temp").write_text("55500\n")
    assert Thermometer(path, "").look().celsius == 55.5


@pytest.mark.parametrize("path", ["", "/nonexistent/temp", "/nonexistent/*", "/", "/sys", "[", "a\0b", "/a\0b/*"])
def test_what_cannot_be_read_is_not_known(path: str) -> None:
    assert Thermometer(path, path).look() == Heat(None, None)


def test_a_pipe_is_not_waited_for_and_a_link_to_nowhere_is_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "temp")
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere")
    assert Thermometer(str(tmp_path / "temp"), str(tmp_path / "lost")).look() == Heat(None, None)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert Thermometer(str(tmp_path / "*"), str(tmp_path / "loop")).look() == Heat(None, None)


def test_it_is_read_anew_each_time(tmp_path: Path) -> None:
    path = zones(tmp_path, b"40000\n")
    thermometer = Thermometer(path, "")
    assert thermometer.look().celsius == 40.0
    (tmp_path / "thermal_zone0" / "temp").write_text("90000\n")
    assert thermometer.look().celsius == 90.0
    (tmp_path / "thermal_zone0" / "temp").unlink()
    assert thermometer.look().celsius is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("0\n", False),
        ("50005\n", True),  # undervoltage, throttled
        ("0x4\n", True),
        ("2\n", True),
        ("80008\n", False),  # the soft limit is set from 60 °C on some models
        ("70000\n", False),  # since the start, not now
        ("1\n", False),
        ("throttled=0x0\n", None),
        ("", None),
    ],
)
def test_the_firmware_s_word(word: str, expected: bool | None, tmp_path: Path) -> None:
    (tmp_path / "get_throttled").write_text(word)
    assert Thermometer("", str(tmp_path / "get_throttled")).look() == Heat(None, expected)
