"""Options that every command with a configuration shares."""

import argparse

from edge_asr.config import Config
from edge_asr.settings import load


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add `--config FILE` and `--set KEY=VALUE`."""
    parser.add_argument("--config", metavar="FILE", help="TOML file (default: the first of the standard places)")
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        dest="overrides",
        help="one setting, e.g. --set mqtt.host=broker.local; may be repeated",
    )


def load_config(args: argparse.Namespace) -> Config:
    """Configuration of the parsed options; raises ConfigError."""
    return load(path=args.config, overrides=args.overrides)


def as_typed(args: argparse.Namespace) -> list[str]:
    """The same options once more, for a process that this command starts."""
    words = ["--config", args.config] if args.config is not None else []
    return words + [word for override in args.overrides for word in ("--set", override)]
