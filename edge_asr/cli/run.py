"""`edge-asr run`: the daemon."""

import argparse
import logging
import sys
import threading

from edge_asr.app import run_daemon
from edge_asr.cli.options import add_config_options, load_config
from edge_asr.clock import Clock, SystemClock
from edge_asr.config import LogConfig
from edge_asr.errors import EdgeAsrError
from edge_asr.journal import leads_to_journal
from edge_asr.log_limit import LimitedHandler, RepeatLimit
from edge_asr.log_lines import formatter

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the daemon: those of the configuration."""
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C; a missing microphone or broker is reported, not an error."""
    config, clock = load_config(args), SystemClock()
    lines = start_log(config.log, clock)
    try:
        return run_daemon(config, clock, lines)
    except EdgeAsrError as error:
        if config.log.format != "json":
            raise  # a line of its own, for people
        log.critical("%(reason)s", {"reason": error})
        return error.exit_code


def start_log(config: LogConfig, clock: Clock) -> LimitedHandler:
    """Log to standard error as configured; with JSON also what Python itself would write there."""
    lines = LimitedHandler(sys.stderr, RepeatLimit(config.same_per_minute, clock))
    lines.setFormatter(formatter(config.format, journal=leads_to_journal(sys.stderr)))
    logging.basicConfig(level=config.level.upper(), handlers=[lines])
    if config.format == "json":
        logging.captureWarnings(True)
        sys.excepthook = lambda kind, error, trace: log.critical("unforeseen", exc_info=(kind, error, trace))
        threading.excepthook = _thread_failed
    return lines


def _thread_failed(fault: threading.ExceptHookArgs) -> None:
    if fault.exc_value is not None:
        log.critical("unforeseen", exc_info=(fault.exc_type, fault.exc_value, fault.exc_traceback))
