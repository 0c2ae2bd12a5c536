"""`edge-asr bench edges`: words lost where speech begins, ends and is cut, live against whole files."""

import argparse
from pathlib import Path
from typing import Any

from edge_asr.bench.edges import ROOMS
from edge_asr.bench.edges import measure as measure_edges
from edge_asr.bench.edges_report import edges_json, edges_text
from edge_asr.bench.long_speech import measure_long
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.recordings import first_of_each, read_recordings
from edge_asr.bench.tokens import measure_of, tokenizer
from edge_asr.cli.bench_begin import begin
from edge_asr.cli.bench_options import count, names
from edge_asr.cli.options import load_config
from edge_asr.clock import SystemClock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl, without noise")
    parser.add_argument("--sets", metavar="A,B", type=names, default=(), help="only these folders of it")
    parser.add_argument("--each", metavar="N", type=count(1, 100_000), default=30, help="recordings of each set (30)")


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure and print. Raises EdgeAsrError."""
    config, clock = load_config(args), SystemClock()
    now = setting(config, ("whisper-normalizer",))
    tokens = tokenizer(now.language)
    recordings = first_of_each(read_recordings(Path(args.speech), now.language, args.sets), args.each)
    begin(
        now,
        f"{len(recordings)} recordings cut tight, in {len(ROOMS)} rooms, then joined as long speech",
    )
    edges = measure_edges(config, recordings, tokens, clock)
    long = measure_long(config, recordings, tokens, clock)
    print(edges_text(edges, long, measure_of(now.language)))
    return now, edges_json(edges, long)
