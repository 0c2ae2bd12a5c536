"""A text becomes the type of its key, and whatever does not fit is one clear line."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.config import Config
from edge_asr.config_values import KEYS
from edge_asr.errors import ConfigError
from edge_asr.settings import load
from tests.settings_files import fault, written


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


@pytest.mark.parametrize("name", ["EDGE_ASR_MQTT_HOST", "EDGE_ASR_MQTT_TLS_CA_FILE", "edge_asr_device_id"])
def test_single_underscores_are_told_apart(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} sets nothing; did you mean EDGE_ASR__"):
        load(None, [], {name: "x"})


def test_other_variables_of_ours_are_nobodys_setting() -> None:
    assert load(None, [], {"EDGE_ASR_MODELS": "/models", "EDGE_ASR_IMAGE": "latest", "HOME": "/nowhere"}) == Config()
