"""`edge-asr bench formats`: the same speech at other rates, channels and widths."""

import argparse
from pathlib import Path
from typing import Any

from edge_asr.bench import formats
from edge_asr.bench.formats_report import formats_json, formats_text
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.recordings import first_of_each, read_recordings
from edge_asr.bench.tokens import measure_of, tokenizer
from edge_asr.cli.bench_begin import begin
from edge_asr.cli.bench_options import count, names
from edge_asr.cli.options import load_config
from edge_asr.clock import SystemClock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl")
    parser.add_argument("--sets", metavar="A,B", type=names, default=(), help="only these folders of it")
    parser.add_argument("--each", metavar="N", type=count(1, 100_000), default=30, help="recordings of each set (30)")


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure and print. Raises EdgeAsrError."""
    config, clock = load_config(args), SystemClock()
    now = setting(config, ("soxr", "soundfile", "whisper-normalizer"))
    tokens = tokenizer(now.language)
    recordings = first_of_each(read_recordings(Path(args.speech), now.language, args.sets), args.each)
    what = f"{len(recordings)} recordings in {len(formats.SHAPES)} shapes"
    begin(now, what)
    figures = formats.measure(config, recordings, tokens, clock)
    print(formats_text(figures, measure_of(now.language)))
    return now, formats_json(figures)
