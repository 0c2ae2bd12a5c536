"""Where the configuration comes from, and one clear line for whatever is wrong with it."""

import logging
import re
import socket
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr import settings
from edge_asr.config import Config, DeviceConfig, ModelsConfig
from edge_asr.config_values import KEYS
from edge_asr.errors import ConfigError
from edge_asr.settings import device_id, load, model_folder, read, secret


@pytest.fixture(autouse=True)
def no_files_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SYSTEM_FILE", tmp_path / "etc" / "config.toml")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def written(folder: Path, text: str | bytes, name: str = "config.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def fault(
    overrides: list[str] | None = None, environment: Mapping[str, str] | None = None, path: Path | None = None
) -> str:
    with pytest.raises(ConfigError) as caught:
        load(None if path is None else str(path), overrides or [], environment or {})
    text = str(caught.value)
    assert "\n" not in text
    return text


# --- where from


def test_nothing_at_all_is_the_defaults() -> None:
    reading = read(None, [], {})
    assert reading.config == Config()
    assert reading.origins == ()


def test_stronger_places_win_key_by_key(tmp_path: Path) -> None:
    file = written(tmp_path, '[mqtt]\nhost = "file"\nport = 1\nusername = "file"\n[mqtt.tls]\nenabled = true\n')
    environment = {"EDGE_ASR__MQTT__HOST": "environment", "EDGE_ASR__MQTT__PORT": "2", "EDITOR": "vi"}
    reading = read(str(file), ["mqtt.host=command"], environment)
    mqtt = reading.config.mqtt
    assert (mqtt.host, mqtt.port, mqtt.username, mqtt.tls.enabled) == ("command", 2, "file", True)
    assert mqtt.keepalive_s == Config().mqtt.keepalive_s
    assert reading.origins == (str(file), "EDGE_ASR__MQTT__HOST", "EDGE_ASR__MQTT__PORT", "--set mqtt.host")


def test_the_last_override_wins() -> None:
    assert load(None, ["mqtt.port=1", "mqtt.port=2"], {}).mqtt.port == 2


def test_a_stronger_place_can_unset(tmp_path: Path) -> None:
    file = written(tmp_path, '[device]\nid = "attic"\n[mqtt]\nport = 1\n')
    config = load(str(file), ["device.id=none"], {"EDGE_ASR__MQTT__PORT": ""})
    assert config.device.id is None
    assert config.mqtt.port is None


def test_the_standard_places_in_their_order(tmp_path: Path) -> None:
    etc = written(tmp_path / "etc", '[device]\nid = "etc"\n')
    home = {"HOME": str(tmp_path / "home")}
    assert load(None, [], home).device.id == "etc"
    written(tmp_path / "home" / ".config" / "edge_asr", '[device]\nid = "home"\n')
    assert load(None, [], home).device.id == "home"
    xdg = home | {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert load(None, [], xdg).device.id == "etc"
    written(tmp_path / "xdg" / "edge_asr", '[device]\nid = "xdg"\n')
    assert load(None, [], xdg).device.id == "xdg"
    named = xdg | {"EDGE_ASR_CONFIG": str(written(tmp_path, '[device]\nid = "named"\n', "named.toml"))}
    assert load(None, [], named).device.id == "named"
    assert load(str(etc), [], named).device.id == "etc"


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    assert f"cannot read the configuration file {missing} (No such file or directory)" in fault(path=missing)
    assert str(missing) in fault(environment={"EDGE_ASR_CONFIG": str(missing)})
    assert "(Is a directory)" in fault(path=tmp_path)
    assert "is not a path" in fault(path=Path("nul\0"))


def test_a_dangling_link_in_a_standard_place_is_not_overlooked(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "config.toml").symlink_to(tmp_path / "gone.toml")
    assert "cannot read the configuration file" in fault()


# --- what text becomes


@pytest.mark.parametrize("text", ["true", "YES", "on", "1", " True "])
def test_words_for_true(text: str) -> None:
    assert load(None, [f"mqtt.tls.enabled={text}"], {}).mqtt.tls.enabled is True


@pytest.mark.parametrize("text", ["false", "No", "OFF", "0"])
def test_words_for_false(text: str) -> None:
    assert load(None, [], {"EDGE_ASR__MQTT__PARTIALS": text}).mqtt.partials is False


@pytest.mark.parametrize(
    ("override", "key", "expected"),
    [
        ("audio.channel=mix", "audio.channel", "mix"),
        ("audio.channel=3", "audio.channel", 3),
        ("audio.ring_s=12", "audio.ring_s", 12.0),
        ("audio.ring_s=1.25e1", "audio.ring_s", 12.5),
        ("recognizer.beam=None", "recognizer.beam", None),
        ("recognizer.beam=9", "recognizer.beam", 9.0),
        ("device.id=7", "device.id", "7"),
        ("device.name=Kitchen = ears", "device.name", "Kitchen = ears"),
        ("device.name=", "device.name", None),
        (" mqtt.host =broker", "mqtt.host", "broker"),
        ("mqtt.host=::1", "mqtt.host", "::1"),
        ("log.level=debug", "log.level", "debug"),
    ],
)
def test_a_text_becomes_the_type_of_its_key(override: str, key: str, expected: object) -> None:
    value = value_of(load(None, [override], {}), key)
    assert value == expected
    assert type(value) is type(expected)


def value_of(config: Config, key: str) -> object:
    value: Any = config
    for part in key.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("mqtt.port=70000", "mqtt.port = 70000 (from --set): expected a whole number from 1 to 65535 or none"),
        ("mqtt.port=abc", "mqtt.port = 'abc' (from --set): expected a whole number from 1 to 65535 or none"),
        ("mqtt.port=1.5", "mqtt.port = '1.5' (from --set): expected a whole number"),
        ("mqtt.enabled=maybe", "mqtt.enabled = 'maybe' (from --set): expected true or false"),
        ("audio.channel=left", "audio.channel = 'left' (from --set): expected a whole number from 0 to 63 or \"mix\""),
        ("audio.ring_s=nan", "audio.ring_s = nan (from --set): expected a number above 0 and at most 3600"),
        ("audio.ring_s=inf", "audio.ring_s = inf"),
        ("audio.ring_s=0", "audio.ring_s = 0.0"),
        ("recognizer.beam=nan", "recognizer.beam = nan"),
        ("log.level=loud", "log.level = 'loud' (from --set): expected \"debug\""),
        ("device.id=a/b", "device.id = 'a/b' (from --set): expected 1 to 64 letters, digits, - or _ or none"),
        ("device.id=a\n", "device.id = 'a\\n'"),
        ("mqtt.topic_prefix=a/#", "mqtt.topic_prefix = 'a/#' (from --set): expected up to 4 parts"),
        ("mqtt.host=caf\udce9", "mqtt.host = 'caf\\udce9'"),
        ("mqtt.host", "--set mqtt.host: expected KEY=VALUE"),
        ("mqtt=x", "mqtt is a section (from --set): name a key in it, e.g. mqtt.enabled"),
    ],
)
def test_a_value_that_does_not_fit(override: str, said: str) -> None:
    assert said in fault([override])


def test_a_long_value_is_cut() -> None:
    assert len(fault(["log.level=" + "x" * 10_000])) < 250


@given(st.sampled_from(sorted(KEYS)), st.text())
def test_any_text_is_taken_or_refused_in_one_line(key: str, text: str) -> None:
    refusal = ""
    config = Config()
    try:
        config = load(None, [f"{key}={text}"], {})
    except ConfigError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert not refusal or key.partition(".")[0] in refusal
    assert msgspec.convert(msgspec.to_builtins(config), Config) == config


# --- what is wrong with a key


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("mqtt.hots", "did you mean mqtt.host?"),
        ("mqtt.password", "did you mean mqtt.password_file?"),
        ("host", "did you mean mqtt.host?"),
        ("mqt.host", "did you mean mqtt.host?"),
        ("zzz", "`edge-asr check-config --example` shows every key"),
    ],
)
def test_an_unknown_key_and_the_nearest_one(key: str, said: str) -> None:
    text = fault([f"{key}=s3cret"])
    assert text == f"{key}: unknown key (from --set), {said}"


def test_a_variable_that_matches_nothing() -> None:
    text = fault(environment={"EDGE_ASR__MQTT__HOTS": "x"})
    assert text == "mqtt.hots: unknown key (from environment variable EDGE_ASR__MQTT__HOTS), did you mean mqtt.host?"
    assert "EDGE_ASR__" in fault(environment={"EDGE_ASR__": "x"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[mqtt]\nhots = "x"\n', "mqtt.hots: unknown key (from {file}), did you mean mqtt.host?"),
        ("[mqttt]\n", "mqttt: unknown key (from {file}), did you mean mqtt?"),
        ('"mqtt.host" = "x"\n', "mqtt.host: unknown key"),
        ('[mqtt.tls]\nhost = "x"\n', "mqtt.tls.host: unknown key (from {file}), did you mean"),
        ("mqtt = 3\n", "mqtt = 3 (from {file}): expected a section, written [mqtt]"),
        ("[mqtt]\ntls = true\n", "mqtt.tls = True (from {file}): expected a section, written [mqtt.tls]"),
        ('[mqtt]\nport = "1883"\n', "mqtt.port = '1883' (from {file}): expected a whole number"),
        ("[mqtt]\nhost = 3\n", "mqtt.host = 3 (from {file}): expected text in quotes"),
        ("[mqtt]\nhost = [1]\n", "mqtt.host = [1]"),
        ("[mqtt.host]\nx = 1\n", "mqtt.host = {{'x': 1}}"),
        ("[mqtt]\nenabled = 1\n", "mqtt.enabled = 1 (from {file}): expected true or false"),
        ("[audio]\nring_s = 2026-01-01\n", "audio.ring_s = datetime.date(2026, 1, 1)"),
        ("[audio]\nring_s = true\n", "audio.ring_s = True"),
        ("[audio]\nring_s = nan\n", "audio.ring_s = nan"),
        ("[mqtt]\nport 1883\n", "{file}: not TOML: "),
        ("[mqtt]\nport 1883\n", "(at line 2, column"),
        (b'[device]\nname = "K\xfcche"\n', "{file}: not UTF-8 text at byte 18"),
    ],
)
def test_a_file_that_is_wrong(text: str | bytes, said: str, tmp_path: Path) -> None:
    file = written(tmp_path, text)
    assert said.format(file=file) in fault(path=file)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = written(tmp_path, '\ufeff[device]\nid = "attic"\n')
    assert load(str(file), [], {}).device.id == "attic"


# --- rules between keys


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["audio.source= "], "audio.source is empty"),
        (["audio.reopen_min_s=11"], "audio.reopen_min_s = 11 is above audio.reopen_max_s = 10"),
        (["gate.onset_ms=300"], "gate.onset_ms = 300 is above gate.onset_window_ms = 240"),
        (["gate.pre_roll_ms=1000", "endpoint.max_utterance_s=1"], "gate.pre_roll_ms = 1000 fills"),
        (["endpoint.silence_s=20"], "endpoint.silence_s = 20 is not below endpoint.max_utterance_s = 20"),
        (["overload.flush_lag_s=1"], "overload.flush_lag_s = 1 is not above overload.partials_lag_s = 1"),
        (["overload.keep_s=4"], "overload.keep_s = 4 is not below overload.flush_lag_s = 4"),
        (["audio.ring_s=4"], "audio.ring_s = 4 is not above overload.flush_lag_s = 4"),
        (["mqtt.host="], "mqtt.host = ''"),
        (["mqtt.host=mqtt://broker"], "mqtt.host = 'mqtt://broker': expected a host name or an address alone"),
        (["mqtt.host=broker:1883"], "the port goes into mqtt.port"),
        (["mqtt.host=two words"], "mqtt.host = 'two words'"),
        (["mqtt.password_file=p"], "mqtt.password_file is set without mqtt.username"),
        (["mqtt.tls.enabled=1", "mqtt.tls.cert_file=c"], "mqtt.tls.cert_file is set without mqtt.tls.key_file"),
        (["mqtt.tls.enabled=1", "mqtt.tls.key_file=c"], "mqtt.tls.key_file is set without mqtt.tls.cert_file"),
        (["mqtt.tls.ca_file=c"], "mqtt.tls.ca_file is set while mqtt.tls.enabled is false"),
    ],
)
def test_settings_that_contradict_each_other(overrides: list[str], said: str) -> None:
    assert said in fault(overrides)


# --- the example


EXAMPLE = resources.files("edge_asr").joinpath("example.toml").read_text(encoding="utf-8")
UNSET = re.compile(r"^# (\w+ = .+)$", re.MULTILINE)  # a key whose default is none, with a value that it may have


def leaves(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def test_the_example_is_the_defaults(tmp_path: Path) -> None:
    document = leaves(tomllib.loads(EXAMPLE))
    assert document == {name: key.default for name, key in KEYS.items() if key.default is not None}
    assert load(str(written(tmp_path, EXAMPLE)), [], {}) == Config()


def test_the_example_has_every_key_and_its_values_are_taken(tmp_path: Path) -> None:
    whole = UNSET.sub(r"\1", EXAMPLE)
    assert set(leaves(tomllib.loads(whole))) == set(KEYS)
    load(str(written(tmp_path, whole.replace("enabled = false", "enabled = true"))), [], {})


def test_every_key_of_the_example_is_explained() -> None:
    lines = EXAMPLE.splitlines()
    for index, line in enumerate(lines):
        if re.match(r"(# )?\w+ = ", line):
            above = lines[index - 1]
            assert above.startswith("# "), line


# --- folders, names, secrets


def test_where_bundles_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    variables = {
        "EDGE_ASR_MODELS": "/from/variable",
        "STATE_DIRECTORY": "/var/lib/edge_asr:/other",
        "XDG_DATA_HOME": "/data",
    }
    assert model_folder(Config(models=ModelsConfig(dir="~/bundles")), variables) == tmp_path / "bundles"
    assert model_folder(Config(), variables) == Path("/from/variable")
    del variables["EDGE_ASR_MODELS"]
    assert model_folder(Config(), variables) == Path("/var/lib/edge_asr/models")
    del variables["STATE_DIRECTORY"]
    assert model_folder(Config(), variables) == Path("/data/edge_asr/models")
    assert model_folder(Config(), {}) == tmp_path / ".local" / "share" / "edge_asr" / "models"
    with pytest.raises(ConfigError, match=r"models\.dir = '~nobody_here/x'"):
        model_folder(Config(models=ModelsConfig(dir="~nobody_here/x")), {})


@pytest.mark.parametrize(
    ("host", "expected"),
    [("pi4", "pi4"), ("pi4.lan", "pi4"), ("küche!", "k-che"), ("...", "edge_asr"), ("", "edge_asr"), ("é", "edge_asr")],
)
def test_the_host_names_the_device(host: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    assert device_id(Config()) == expected
    assert device_id(Config(device=DeviceConfig(id="attic"))) == "attic"


@given(st.text(max_size=200))
def test_any_host_name_gives_an_id_that_fits_a_topic(host: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: host)
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", device_id(Config()))


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


@pytest.mark.parametrize("name", ["EDGE_ASR_MQTT_HOST", "EDGE_ASR_MQTT_TLS_CA_FILE", "edge_asr_device_id"])
def test_single_underscores_are_told_apart(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} sets nothing; did you mean EDGE_ASR__"):
        load(None, [], {name: "x"})


def test_other_variables_of_ours_are_nobodys_setting() -> None:
    assert load(None, [], {"EDGE_ASR_MODELS": "/models", "EDGE_ASR_IMAGE": "latest", "HOME": "/nowhere"}) == Config()
