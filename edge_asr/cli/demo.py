"""`edge-asr demo`: try it here and now."""

import argparse
import math
import os
import signal
import sys

from edge_asr.cli.options import add_config_options, as_typed
from edge_asr.clock import SystemClock
from edge_asr.demo.screen import Screen, is_live
from edge_asr.demo.tryout import TryOut, Wish
from edge_asr.settings import read
from edge_asr.supervisor import StopRequest

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the try-out."""
    add_config_options(parser)
    parser.add_argument("--file", metavar="FILE", nargs="+", default=[], help="play these instead of the sample")
    parser.add_argument("--once", action="store_true", help="play once and end when all of it was answered")
    parser.add_argument("--seconds", metavar="N", type=_seconds, help="end after N seconds of listening")
    parser.add_argument("--log", action="store_true", help="show the daemon's log as well")


def run(args: argparse.Namespace) -> int:
    """Until Ctrl-C, or as the options say."""
    reading = read(args.config, args.overrides)
    wish = Wish(tuple(as_typed(args)), tuple(args.file), args.once, args.seconds, args.log)
    return TryOut(reading, wish, screen_here(), stop_on_signals(), SystemClock()).run()


def screen_here(*, devices: bool = False) -> Screen:
    """Screen on standard output: in place on a terminal, lines alone elsewhere; no colour where NO_COLOR is set."""
    live = is_live(sys.stdout, os.environ)
    return Screen(sys.stdout, live=live, colour=not os.environ.get("NO_COLOR"), devices=devices)


def stop_on_signals() -> StopRequest:
    """Stop in good order on Ctrl-C, SIGTERM and a closed terminal."""
    stop = StopRequest()
    for number in STOP_SIGNALS:
        signal.signal(number, stop.signalled)
    return stop


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: expected seconds, above 0")
    return seconds
