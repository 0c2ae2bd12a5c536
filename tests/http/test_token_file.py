"""The token comes from a file, as all secrets do."""

import logging
from pathlib import Path

import pytest

from edge_asr.cli.main import main
from edge_asr.config import HttpConfig
from edge_asr.errors import ConfigError
from edge_asr.http.token_file import http_token
from tests.settings_files import fault


def written(folder: Path, text: str) -> HttpConfig:
    file = folder / "token"
    file.write_text(text)
    file.chmod(0o600)
    return HttpConfig(token_file=str(file))


def test_it_is_read_and_never_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert http_token(HttpConfig()) is None
    with caplog.at_level(logging.DEBUG):
        assert http_token(written(tmp_path, "0123456789abcdef\n")) == "0123456789abcdef"
    assert "0123456789" not in caplog.text


@pytest.mark.parametrize("text", ["short\n", "0123456789 abcdef", "0123456789abcdé7", ""])
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        http_token(written(tmp_path, text))
    assert str(caught.value).startswith("http.token_file")
    assert not text.strip() or text.strip() not in str(caught.value)


def test_the_lan_needs_one() -> None:
    assert fault(["http.listen=lan"]).startswith('http.listen = "lan" without http.token_file')


def test_check_config_looks_into_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["check-config", "--set", "http.listen=lan", "--set", f"http.token_file={tmp_path}/none"]
    assert main([*words, "--set", "mqtt.enabled=false"]) == 78
    assert "http.token_file: cannot read" in capsys.readouterr().err
