"""`edge-asr bench publish`: what the way to the broker costs, and how long it can hold the recognizer up."""

import argparse
import logging
from typing import Any

from edge_asr.bench import publish
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.publish_report import publish_json, publish_text
from edge_asr.cli.bench_begin import begin
from edge_asr.cli.bench_options import count
from edge_asr.cli.options import load_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--events", metavar="N", type=count(100, 100_000), default=10_000, help="a round (10000)")
    parser.add_argument("--calls", metavar="N", type=count(100, 1_000_000), default=5_000, help="a condition (5000)")
    parser.add_argument("--rounds", metavar="N", type=count(1, 100), default=5, help="of each way (5)")


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure on a private broker and print. Raises EdgeAsrError."""
    now = setting(load_config(args), ("paho-mqtt",))
    begin(
        now,
        f"{args.events} finals, {args.rounds} times in each of {len(publish.WAYS)} ways",
        quiet_wanted=True,
    )
    logging.disable(logging.WARNING)  # what is lost on purpose is in the table
    try:
        figures = publish.measure(args.events, args.calls, args.rounds)
    finally:
        logging.disable(logging.NOTSET)
    print(publish_text(figures))
    return now, publish_json(figures)
