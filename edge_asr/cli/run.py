"""`edge-asr run`: the daemon."""

import argparse
import logging
import os

from edge_asr.app import run_daemon
from edge_asr.cli.options import add_config_options, load_config
from edge_asr.config import LogConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the daemon: those of the configuration."""
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C; a missing microphone or broker is reported, not an error."""
    config = load_config(args)
    start_log(config.log)
    return run_daemon(config)


def start_log(config: LogConfig) -> None:
    """Log to standard error; under systemd without the time, which the journal adds."""
    form = "%(levelname)s %(name)s: %(message)s"
    if "JOURNAL_STREAM" not in os.environ:
        form = f"%(asctime)s {form}"
    logging.basicConfig(level=config.level.upper(), format=form)
