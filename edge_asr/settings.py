"""Where the configuration comes from: defaults < TOML file < environment < command line.

Standard places of the file, the first that exists: $EDGE_ASR_CONFIG, $XDG_CONFIG_HOME/edge_asr/config.toml (or
~/.config/...), /etc/edge_asr/config.toml. The working directory is not one of them: a daemon must not change with it.
"""

import os
import re
import socket
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edge_asr import config_rules
from edge_asr.config import Config
from edge_asr.config_values import KEYS, SECTIONS, check, check_text, unknown
from edge_asr.errors import ConfigError
from edge_asr.secret_file import expand, secret

__all__ = [
    "Reading",
    "device_id",
    "device_name",
    "load",
    "model_folder",
    "read",
    "secret",
    "spool_path",
    "state_folder",
]

ENVIRONMENT_PREFIX = "EDGE_ASR__"
SYSTEM_FILE = Path("/etc/edge_asr/config.toml")


@dataclass(frozen=True, slots=True)
class Reading:
    """The configuration and what it was read from, in order of precedence, lowest first."""

    config: Config
    origins: tuple[str, ...]
    keys: frozenset[str]  # settings that were given, whatever their value: "mqtt.host"


def load(path: str | None, overrides: Sequence[str], environment: Mapping[str, str] | None = None) -> Config:
    """Configuration whole and checked; raises ConfigError with key, value, expectation and origin in one line.

    path: the TOML file, None for the standard places (none is fine). overrides: "mqtt.host=broker.local".
    environment: None for the process' own; EDGE_ASR__MQTT__HOST sets mqtt.host.
    """
    return read(path, overrides, environment).config


def read(path: str | None, overrides: Sequence[str], environment: Mapping[str, str] | None = None) -> Reading:
    """`load`, with the origins that had a say."""
    variables = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    origins: list[str] = []
    file = _find(path, variables)
    if file is not None:
        values.update(_from_file(file))
        origins.append(str(file))
    for name in sorted(variables):
        if name.startswith(ENVIRONMENT_PREFIX):
            key = name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".")
            values[key] = _set(key, variables[name], f"environment variable {name}")
            origins.append(name)
        else:
            _refuse_near_miss(name)
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise ConfigError(f"--set {key}: expected KEY=VALUE, e.g. --set mqtt.host=broker.local")
        values[key.strip()] = _set(key.strip(), text, "--set")
        origins.append(f"--set {key.strip()}")
    config = msgspec.convert(_nested(values), Config)
    config_rules.hold(config)
    return Reading(config, tuple(origins), frozenset(values))


def _refuse_near_miss(name: str) -> None:
    """EDGE_ASR_MQTT_HOST would set nothing, in silence."""
    for key in KEYS:
        if name.upper() == "EDGE_ASR_" + key.upper().replace(".", "_"):
            right = ENVIRONMENT_PREFIX + key.upper().replace(".", "__")
            raise ConfigError(f"environment variable {name} sets nothing; did you mean {right} (two underscores)?")


def _set(name: str, text: str, origin: str) -> Any:
    if name not in KEYS:
        raise unknown(name, origin)
    return check_text(KEYS[name], text, origin)


def _find(path: str | None, variables: Mapping[str, str]) -> Path | None:
    """File to read; a file that was named must exist, the other standard places may be empty."""
    if path == "":
        raise ConfigError("--config is empty: name a TOML file, or leave --config out")
    if path is not None:
        return expand(path, "--config")
    if variables.get("EDGE_ASR_CONFIG"):
        return expand(variables["EDGE_ASR_CONFIG"], "EDGE_ASR_CONFIG")
    home = variables.get("XDG_CONFIG_HOME") or (f"{variables['HOME']}/.config" if variables.get("HOME") else None)
    places = [Path(home) / "edge_asr" / "config.toml"] if home else []
    return next((place for place in [*places, SYSTEM_FILE] if os.path.lexists(place)), None)


def _from_file(file: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        fix = "`edge-asr check-config --example` prints one to begin with"
        raise ConfigError(f"cannot read the configuration file {file} ({error.strerror}); {fix}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not UTF-8 text at byte {error.start}, save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{file}: not a configuration, its brackets are nested too deeply") from None
    except ValueError:
        raise ConfigError(f"the configuration file {str(file)!r} is not a path") from None
    return dict(_leaves(document, "", str(file)))


def _leaves(table: dict[str, Any], prefix: str, origin: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        key = prefix + name
        if "." in name or (key not in KEYS and key not in SECTIONS):
            raise unknown(key, origin)
        if key in KEYS:
            yield key, check(KEYS[key], value, origin)
        elif isinstance(value, dict):
            yield from _leaves(value, f"{key}.", origin)
        else:
            raise ConfigError(f"{key} = {value!r} (from {origin}): expected a section, written [{key}]")


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for name, value in values.items():
        *sections, last = name.split(".")
        table = root
        for section in sections:
            table = table.setdefault(section, {})
        table[last] = value
    return root


def model_folder(config: Config, environment: Mapping[str, str] | None = None) -> Path:
    """Folder of the bundles: [models].dir, $EDGE_ASR_MODELS, $STATE_DIRECTORY/models, the user's data folder."""
    variables = os.environ if environment is None else environment
    if config.models.dir is not None:
        return expand(config.models.dir, "models.dir")
    if variables.get("EDGE_ASR_MODELS"):
        return expand(variables["EDGE_ASR_MODELS"], "EDGE_ASR_MODELS")
    if variables.get("STATE_DIRECTORY"):  # systemd: a list with colons, the first is the unit's main one
        return Path(variables["STATE_DIRECTORY"].split(":")[0]) / "models"
    data = variables.get("XDG_DATA_HOME") or str(expand("~/.local/share", "models.dir"))
    return Path(data) / "edge_asr" / "models"


def state_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Folder of what is kept across restarts: $STATE_DIRECTORY, else the user's state folder. Raises ConfigError."""
    variables = os.environ if environment is None else environment
    if variables.get("STATE_DIRECTORY"):
        return Path(variables["STATE_DIRECTORY"].split(":")[0])
    return Path(variables.get("XDG_STATE_HOME") or expand("~/.local/state", "XDG_STATE_HOME")) / "edge_asr"


def spool_path(path: str | None, environment: Mapping[str, str] | None = None) -> Path:
    """File of mqtt.spool.path, else spool.sqlite in the state folder."""
    return state_folder(environment) / "spool.sqlite" if path is None else expand(path, "mqtt.spool.path")


def device_name(config: Config) -> str:
    """Name of this device for people."""
    return config.device.name or f"edge_asr {device_id(config)}"


def device_id(config: Config) -> str:
    """Name of this device in topics and events: [device].id, else the host name's first part, cleaned."""
    if config.device.id is not None:
        return config.device.id
    host = socket.gethostname().split(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", host).strip("-")[:64] or "edge_asr"
