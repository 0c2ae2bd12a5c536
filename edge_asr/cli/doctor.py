"""`edge-asr doctor`: look at everything that can be wrong, and say the fix of each fault."""

import argparse
import json
import logging
import math
import sys
from collections.abc import Iterator

from edge_asr.cli.options import add_config_options
from edge_asr.clock import SystemClock
from edge_asr.container import container_engine
from edge_asr.doctor.examination import Examination, Wish
from edge_asr.doctor.finding import SIGNS, WORDS, Finding, exit_code
from edge_asr.settings import read

_MOST_SECONDS = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the doctor."""
    parser.add_argument("--full", action="store_true", help="compare every checksum of the model too (seconds)")
    parser.add_argument("--json", action="store_true", help="one JSON object, when all is done")
    parser.add_argument(
        "--seconds", type=_seconds, default=2.0, metavar="N", help="how long to listen to the microphone (2)"
    )
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print each finding as soon as it is known; 0 when nothing failed, 78 for configuration or model, else 1."""
    logging.getLogger("edge_asr").addHandler(logging.NullHandler())  # what is worth a word is a finding
    wish = Wish(full=args.full, seconds=args.seconds)
    examination = Examination(lambda: read(args.config, args.overrides), wish, SystemClock(), container_engine())
    findings = list(_told(examination.findings(), quiet=args.json))
    code = exit_code(findings)
    if args.json:
        body = {"exit_code": code, "findings": [_as_json(finding) for finding in findings]}
        print(json.dumps(body, ensure_ascii=False, indent=2))
    return code


def _told(findings: Iterator[Finding], *, quiet: bool) -> Iterator[Finding]:
    names = SIGNS if sys.stdout.isatty() and sys.stdout.encoding.lower() in {"utf-8", "utf8"} else WORDS
    for finding in findings:
        if not quiet:
            print(finding.line(names), flush=True)
        yield finding


def _as_json(finding: Finding) -> dict[str, str]:
    return {"check": finding.check, "level": finding.level.lower(), "text": finding.text, "fix": finding.fix}


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or not 0.5 <= seconds <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r}: expected 0.5 to {_MOST_SECONDS:g} seconds")
    return seconds
