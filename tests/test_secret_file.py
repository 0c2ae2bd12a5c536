"""A secret is one line of a file, and nobody but us reads it."""

import logging
import re
from pathlib import Path

import pytest

from edge_asr.errors import ConfigError
from edge_asr.secret_file import secret
from tests.settings_files import written


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_is_one_line(ending: str, tmp_path: Path) -> None:
    file = written(tmp_path, f" pa ss\u00e9 {ending}")
    assert secret(str(file), "mqtt.password_file") == " pa ss\u00e9 "


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"one\ntwo\n", "is not one line of UTF-8 text"),
        (b"\xff\xfe", "is not one line of UTF-8 text"),
        (b"a\0b", "is not one line of UTF-8 text"),
        (b"x" * 100_000, "is not one line of UTF-8 text"),
    ],
)
def test_a_secret_that_is_none(content: bytes, said: str, tmp_path: Path) -> None:
    file = written(tmp_path, content)
    with pytest.raises(ConfigError, match=rf"^mqtt\.password_file: {re.escape(str(file))} {said}"):
        secret(str(file), "mqtt.password_file")


def test_a_secret_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file or directory"):
        secret(str(tmp_path / "missing"), "mqtt.password_file")
    with pytest.raises(ConfigError, match="is a directory, name the file"):
        secret(str(tmp_path), "mqtt.password_file")
    with pytest.raises(ConfigError, match="not a path"):
        secret("nul\0", "mqtt.password_file")


def test_systemd_credentials_come_before_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "here", "password")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert secret("password", "mqtt.password_file") == "here"
    written(tmp_path / "credentials", "credential", "password")
    assert secret("password", "mqtt.password_file") == "credential"
    assert secret(str(tmp_path / "password"), "mqtt.password_file") == "here"


@pytest.mark.parametrize(("mode", "lines"), [(0o644, 1), (0o640, 0), (0o600, 0)])
def test_a_secret_for_everyone_is_remarked_on(
    mode: int, lines: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = written(tmp_path, "pa55")
    file.chmod(mode)
    with caplog.at_level(logging.WARNING):
        secret(str(file), "mqtt.password_file")
    assert caplog.text.count("chmod 600") == lines
    assert "pa55" not in caplog.text
