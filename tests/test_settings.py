"""Where the configuration comes from, and which place wins."""

import re
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr import settings
from edge_asr.config import Config, DeviceConfig, ModelsConfig
from edge_asr.errors import ConfigError
from edge_asr.settings import device_id, load, model_folder, read, spool_path
from tests.settings_files import fault, written


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


def test_the_standard_places_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    etc = written(tmp_path, '[device]\nid = "etc"\n', "etc.toml")
    monkeypatch.setattr(settings, "SYSTEM_FILE", etc)
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


def test_a_dangling_link_in_a_standard_place_is_not_overlooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / "config.toml"
    link.symlink_to(tmp_path / "gone.toml")
    monkeypatch.setattr(settings, "SYSTEM_FILE", link)
    assert "cannot read the configuration file" in fault()


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


def test_the_spool_lies_where_it_was_put_or_in_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    service = {"STATE_DIRECTORY": "/var/lib/edge_asr:/other", "XDG_STATE_HOME": "/state"}
    assert spool_path("~/spool", service) == tmp_path / "spool"
    assert spool_path(None, service) == Path("/var/lib/edge_asr/spool.sqlite")
    assert spool_path(None, {"XDG_STATE_HOME": "/state"}) == Path("/state/edge_asr/spool.sqlite")
    assert spool_path(None, {}) == tmp_path / ".local" / "state" / "edge_asr" / "spool.sqlite"
    with pytest.raises(ConfigError, match=r"mqtt\.spool\.path = '~nobody_here/x'"):
        spool_path("~nobody_here/x", {})
