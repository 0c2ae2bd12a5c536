"""`edge-asr bench targets`: everything that the recognizer is held to, measured one after the other on this machine.

What is not met is a finding, as any figure of a bench, and no failure of the command.
"""

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.recordings import read_recordings
from edge_asr.bench.table import table
from edge_asr.bench.targets import NAMES, Extent, Run, runs
from edge_asr.bench.verdicts import Figures, Verdict
from edge_asr.cli.bench_begin import begin
from edge_asr.cli.bench_options import count, minutes, names
from edge_asr.cli.options import as_typed, load_config
from edge_asr.demo.sample import own_files
from edge_asr.errors import EXIT_OK, EdgeAsrError

PROGRAM = [sys.executable, "-m", "edge_asr"]
_UNMEASURED = Verdict("all of it", "could not be measured, see above", None)
_TIDY_S = 30.0
_WORDS = {True: "met", False: "NOT MET", None: "-"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl")
    parser.add_argument("--noise", metavar="FILE", nargs="+", default=[], help="sounds without a word")
    parser.add_argument("--only", metavar="A,B", type=names, default=(), help=f"of {', '.join(NAMES)} these (all)")
    parser.add_argument("--each", metavar="N", type=count(1, 100_000), help="recordings of each set (all)")
    parser.add_argument("--minutes", metavar="N", type=minutes, default=10.0, help="of each sound (10)")
    parser.add_argument(
        "--utterances", metavar="N", type=count(10, 10_000_000), default=2000, help="in one process (2000)"
    )
    parser.add_argument("--repeat", metavar="N", type=count(1, 1000), default=4, help="times the sample is played (4)")


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure, each in a process of its own, and print. Raises EdgeAsrError."""
    now = setting(load_config(args))
    speech, noises = Path(args.speech), own_files(args.noise)
    read_recordings(speech, None)
    wanted = runs(Extent(speech, noises, args.each, args.minutes, args.utterances, args.repeat))
    unknown = sorted(set(args.only) - set(wanted))
    if unknown:
        raise EdgeAsrError(f"--only {unknown[0]}: expected of {', '.join(wanted)} those to measure")
    chosen = {name: run for name, run in wanted.items() if not args.only or name in args.only}
    begin(now, f"{', '.join(chosen)}, one after the other; all of them take an hour and a half", quiet_wanted=True)
    verdicts: list[tuple[Run, Verdict]] = []
    measured: dict[str, Figures] = {}
    for name, run in chosen.items():
        print(f"\n== {run.title}: edge-asr bench {' '.join(run.words)}", flush=True)
        figures = _figures(run, as_typed(args))
        if figures is None:
            verdicts.append((run, _UNMEASURED))
            continue
        measured[name] = figures
        verdicts += [(run, verdict) for verdict in run.judge(figures["figures"])]
    rows = [[f"{run.title}: {one.target}", one.measured, _WORDS[one.met]] for run, one in verdicts]
    print("\n" + table(["target", "measured", ""], rows))
    if not measured:
        raise EdgeAsrError("nothing could be measured; what each measurement said stands above")
    told = [{"measurement": run.title, **asdict(verdict)} for run, verdict in verdicts]
    return now, {"targets": told, "measured": measured}


def _figures(run: Run, typed: list[str]) -> Figures | None:
    """What the measurement wrote; None when it failed, which it has said itself."""
    overrides = [word for override in run.overrides for word in ("--set", override)]
    with tempfile.TemporaryDirectory(prefix="edge-asr-targets-") as folder:
        result = Path(folder) / "result.json"
        words = ["bench", *run.words, "--json", str(result), *typed, *overrides]
        if _run([*PROGRAM, *words]) != EXIT_OK:
            return None
        return json.loads(result.read_bytes())


def _run(command: Sequence[str]) -> int:
    """Exit code of a child. Where we are to end it ends first: it has folders and children of its own to remove."""
    child = subprocess.Popen(command)
    before = signal.signal(signal.SIGTERM, _end)
    try:
        return child.wait()
    except SystemExit:
        child.send_signal(signal.SIGINT)  # Ctrl-C it has had already, as all that the terminal reaches
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_TIDY_S)
        child.kill()


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
