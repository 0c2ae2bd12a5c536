"""`edge-asr run`: the daemon."""

import argparse
import logging
import sys

from edge_asr.app import run_daemon
from edge_asr.cli.options import add_config_options, load_config
from edge_asr.config import LogConfig
from edge_asr.journal import JournalFormatter, leads_to_journal

_FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the daemon: those of the configuration."""
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C; a missing microphone or broker is reported, not an error."""
    config = load_config(args)
    start_log(config.log)
    return run_daemon(config)


def start_log(config: LogConfig) -> None:
    """Log to standard error; for the journal with each line's priority and without the time, which it adds."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JournalFormatter() if leads_to_journal(sys.stderr) else logging.Formatter(_FORM))
    logging.basicConfig(level=config.level.upper(), handlers=[handler])
