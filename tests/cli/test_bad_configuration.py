"""What is wrong with the configuration or the command line: one line with the value and the fix, never a traceback."""

from pathlib import Path

import pytest

from edge_asr.errors import EXIT_CONFIG, EXIT_USAGE
from tests.cli.command import edge_asr, the_one_line


@pytest.mark.parametrize(
    "command", [["run"], ["transcribe", "x.wav"], ["devices"], ["check-config"], ["models", "list"]]
)
def test_an_unknown_key_is_refused_by_every_command(command: list[str], tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[mqtt]\nhots = "broker.local"\n')
    line = the_one_line(edge_asr(tmp_path, *command, "--config", str(file)), EXIT_CONFIG)
    assert line == f"mqtt.hots: unknown key (from {file}), did you mean mqtt.host?"


def test_an_unknown_key_in_the_environment_or_on_the_command_line(tmp_path: Path) -> None:
    line = the_one_line(edge_asr(tmp_path, "run", EDGE_ASR__MQTT__HOTS="x"), EXIT_CONFIG)
    assert "environment variable EDGE_ASR__MQTT__HOTS" in line
    assert "mqtt.host" in line
    line = the_one_line(edge_asr(tmp_path, "run", "--set", "mqtt.hots=x"), EXIT_CONFIG)
    assert line == "mqtt.hots: unknown key (from --set), did you mean mqtt.host?"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[mqtt]\nport = "many"\n', "mqtt.port = 'many'"),
        ("[mqtt]\nport = 70000\n", "expected a whole number from 1 to 65535"),
        ("[audio]\nring_s = true\n", "audio.ring_s = True"),
        ("mqtt = 5\n", "expected a section, written [mqtt]"),
        ("[mqtt\n", "not TOML"),
        ('[mqtt]\nhost = "a:1883"\n', "the port goes into mqtt.port"),
    ],
)
def test_a_wrong_value_is_shown_with_what_was_expected(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    line = the_one_line(edge_asr(tmp_path, "run", "--config", str(file)), EXIT_CONFIG)
    assert said in line
    assert str(file) in line or "a:1883" in line


def test_a_configuration_file_that_is_not_there(tmp_path: Path) -> None:
    line = the_one_line(edge_asr(tmp_path, "run", "--config", str(tmp_path / "none.toml")), EXIT_CONFIG)
    assert str(tmp_path / "none.toml") in line
    assert "check-config --example" in line


@pytest.mark.parametrize("command", ["run", "check-config"])
@pytest.mark.parametrize("spoil", ["missing", "a folder", "empty"])
def test_a_password_file_that_cannot_be_used(command: str, spoil: str, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    if spoil == "a folder":
        secret.mkdir()
    elif spoil == "empty":
        secret.write_text("\n")
        secret.chmod(0o600)
    words = ["--set", "mqtt.username=kitchen", "--set", f"mqtt.password_file={secret}"]
    line = the_one_line(edge_asr(tmp_path, command, *words), EXIT_CONFIG)
    assert line.startswith("mqtt.password_file: ")
    assert str(secret) in line
    assert any(fix in line for fix in ("make it readable", "name the file", "write the secret into it"))


@pytest.mark.parametrize("command", ["run", "check-config"])
def test_a_certificate_authority_that_is_not_there(command: str, tmp_path: Path) -> None:
    words = ["--set", "mqtt.tls.enabled=true", "--set", f"mqtt.tls.ca_file={tmp_path / 'ca.crt'}"]
    line = the_one_line(edge_asr(tmp_path, command, *words), EXIT_CONFIG)
    assert line.startswith("mqtt.tls.ca_file: cannot read")
    assert str(tmp_path / "ca.crt") in line


@pytest.mark.parametrize(
    "words", [["nonsense"], ["transcribe"], ["transcribe", "--rate", "fast", "x.wav"], ["run", "--loud"], []]
)
def test_wrong_usage_exits_with_2_and_says_what_is_wrong(words: list[str], tmp_path: Path) -> None:
    done = edge_asr(tmp_path, *words)
    assert (done.returncode, done.stdout) == (EXIT_USAGE, "")
    assert done.stderr.startswith("usage: edge-asr")
    assert ": error: " in done.stderr.splitlines()[-1]
