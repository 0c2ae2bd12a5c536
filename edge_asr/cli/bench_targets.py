"""`edge-asr bench targets`: everything that the recognizer is held to, measured one after the other on this machine."""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.table import table
from edge_asr.bench.targets import Extent, Run, runs, unmeasured
from edge_asr.bench.verdicts import Figures, Verdict
from edge_asr.cli.bench_begin import begin
from edge_asr.cli.bench_options import count, minutes, names
from edge_asr.cli.options import as_typed, load_config
from edge_asr.demo.sample import own_files
from edge_asr.errors import EXIT_OK, EdgeAsrError

PROGRAM = [sys.executable, "-m", "edge_asr"]
_WORDS = {True: "met", False: "NOT MET", None: "-"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl")
    parser.add_argument("--noise", metavar="FILE", nargs="+", default=[], help="sounds without a word")
    parser.add_argument("--only", metavar="A,B", type=names, default=(), help="of all measurements these")
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
    wanted = runs(Extent(speech, noises, args.each, args.minutes, args.utterances, args.repeat))
    unknown = sorted(set(args.only) - set(wanted))
    if unknown:
        raise EdgeAsrError(f"--only {unknown[0]}: expected of {', '.join(wanted)} those to measure")
    chosen = {name: run for name, run in wanted.items() if not args.only or name in args.only}
    begin(now, f"{len(chosen)} measurements, all of them take an hour or two", quiet_wanted=True)
    verdicts: list[tuple[Run, Verdict]] = []
    measured: dict[str, Figures] = {}
    for name, run in chosen.items():
        print(f"\n== {run.title}: edge-asr bench {' '.join(run.words)}", flush=True)
        figures = _figures(run, as_typed(args))
        if figures is None:
            verdicts.append((run, unmeasured(run)))
            continue
        measured[name] = figures
        verdicts += [(run, verdict) for verdict in run.judge(figures["figures"])]
    rows = [[f"{run.title}: {one.target}", one.measured, _WORDS[one.met]] for run, one in verdicts]
    print("\n" + table(["target", "measured", ""], rows))
    told = [{"measurement": run.title, **asdict(verdict)} for run, verdict in verdicts]
    return now, {"targets": told, "measured": measured}


def _figures(run: Run, typed: list[str]) -> Figures | None:
    """What the measurement wrote; None when it failed, which it has said itself."""
    overrides = [word for override in run.overrides for word in ("--set", override)]
    with tempfile.TemporaryDirectory(prefix="edge-asr-targets-") as folder:
        result = Path(folder) / "result.json"
        words = ["bench", *run.words, "--json", str(result), *typed, *overrides]
        if subprocess.run([*PROGRAM, *words], check=False).returncode != EXIT_OK:
            return None
        return json.loads(result.read_bytes())
