"""`edge-asr check-config`: read the configuration, say what is wrong with it or print it whole."""

import argparse
from importlib import resources
from typing import Any

import msgspec

from edge_asr.cli.options import add_config_options
from edge_asr.config import Config
from edge_asr.errors import EXIT_OK
from edge_asr.http.token_file import http_token
from edge_asr.metrics import Metrics
from edge_asr.settings import device_id, model_folder, read
from edge_asr.sinks.mqtt import MqttSink


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_config_options(parser)
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--print", action="store_true", help="print the whole configuration in effect, as TOML")
    instead.add_argument("--example", action="store_true", help="print the example file: every key, with its default")


def run(args: argparse.Namespace) -> int:
    """Check, and print what was asked for; raises ConfigError for the first fault."""
    if args.example:
        print(example(), end="")
        return EXIT_OK
    reading = read(args.config, args.overrides)
    check_files(reading.config)
    if args.print:
        print(as_toml(reading.config), end="")
    else:
        print(f"configuration is good: {', '.join(reading.origins) or 'nothing is set, the defaults are in effect'}")
    return EXIT_OK


def example() -> str:
    """Text of the shipped example file."""
    return resources.files("edge_asr").joinpath("example.toml").read_text(encoding="utf-8")


def check_files(config: Config) -> None:
    """Raise ConfigError unless the files that the configuration names can be used: secrets and TLS."""
    model_folder(config)
    if config.http.listen != "off":
        http_token(config.http)
    if config.mqtt.enabled:
        MqttSink(config.mqtt, device_id(config), Metrics())  # its constructor reads them and connects to nothing


def as_toml(config: Config) -> str:
    """Configuration as a TOML file that reads back equal; what is none stands there as a comment."""
    lines: list[str] = []
    _table(msgspec.to_builtins(config), "", lines)
    return "\n".join(lines).lstrip("\n") + "\n"


def _table(table: dict[str, Any], name: str, lines: list[str]) -> None:
    if name:
        lines += ["", f"[{name}]"]
    sections = {key: value for key, value in table.items() if isinstance(value, dict)}
    for key, value in table.items():
        if value is None:
            lines.append(f"# {key} is not set")
        elif key not in sections:
            lines.append(f"{key} = {_toml_value(value)}")
    for key, value in sections.items():
        _table(value, f"{name}.{key}" if name else key, lines)


def _toml_value(value: bool | float | str) -> str:
    """One value: JSON's spelling of it is TOML's too, but for DEL, which TOML wants escaped."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
