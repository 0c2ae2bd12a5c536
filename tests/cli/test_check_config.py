"""`edge-asr check-config`, as a person uses it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.cli.check_config import as_toml
from edge_asr.cli.main import main
from edge_asr.config import Config, DeviceConfig, EndpointConfig, MqttConfig
from edge_asr.errors import EXIT_CONFIG, EXIT_OK
from edge_asr.settings import load


@pytest.fixture(autouse=True)
def no_settings_of_this_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = EXIT_OK) -> str:
    assert main(["check-config", *words]) == code
    captured = capsys.readouterr()
    assert (captured.err == "") is (code == EXIT_OK)
    return captured.out if code == EXIT_OK else captured.err


def test_it_says_what_it_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(capsys) == "configuration is good: nothing is set, the defaults are in effect\n"
    file = tmp_path / "mine.toml"
    file.write_text('[mqtt]\nhost = "broker"\n')
    monkeypatch.setenv("EDGE_ASR__MQTT__PORT", "1884")
    text = said(capsys, "--config", str(file), "--set", "log.level=debug")
    assert text == f"configuration is good: {file}, EDGE_ASR__MQTT__PORT, --set log.level\n"


def test_what_it_prints_reads_back_equal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = said(capsys, "--print", "--set", 'device.name=Ki "t" \\ c', "--set", "mqtt.port=1884")
    file = tmp_path / "printed.toml"
    file.write_text(printed)
    config = load(str(file), [], {})
    assert config == Config(device=DeviceConfig(name='Ki "t" \\ c'), mqtt=MqttConfig(port=1884))
    assert said(capsys, "--print", "--config", str(file)) == printed


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.floats(0.5, 3600.0))
def test_any_text_and_number_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, text: str, seconds: float
) -> None:
    config = Config(device=DeviceConfig(name=text), endpoint=EndpointConfig(no_words_s=seconds))
    file = tmp_path_factory.mktemp("printed") / "config.toml"
    file.write_text(as_toml(config), encoding="utf-8", newline="")
    assert load(str(file), [], {}) == config


def test_the_example_is_a_good_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "example.toml"
    file.write_text(said(capsys, "--example"))
    assert said(capsys, "--config", str(file)) == f"configuration is good: {file}\n"


def test_a_fault_is_one_line_and_78(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "--set", "mqtt.port=0", code=EXIT_CONFIG)
    assert text == "edge-asr: mqtt.port = 0 (from --set): expected a whole number from 1 to 65535 or none\n"


@pytest.mark.parametrize(
    "words",
    [
        ["--set", "mqtt.username=edge", "--set", "mqtt.password_file=missing"],
        ["--set", "mqtt.tls.enabled=yes", "--set", "mqtt.tls.ca_file=missing"],
        ["--set", "models.dir=~nobody_here/models"],
        ["--config", "missing"],
    ],
)
def test_files_that_are_not_there_are_faults(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, *words, code=EXIT_CONFIG)
    assert text.startswith("edge-asr: ")
    assert text.count("\n") == 1


def test_files_of_a_broker_that_is_not_used_do_not_matter(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "--set", "mqtt.enabled=no", "--set", "mqtt.username=edge", "--set", "mqtt.password_file=missing")
