"""`edge-asr bench wyoming`: from audio-stop to the transcript, of Wyoming servers that run."""

import argparse
from pathlib import Path
from typing import Any

from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.recordings import first_of_each, read_recordings
from edge_asr.bench.tokens import measure_of, tokenizer
from edge_asr.bench.wyoming_client import Server, spoken
from edge_asr.bench.wyoming_latency import latency_json, latency_text
from edge_asr.bench.wyoming_latency import measure as measure_latency
from edge_asr.cli.bench_begin import begin
from edge_asr.cli.bench_options import count, names
from edge_asr.cli.options import load_config
from edge_asr.clock import SystemClock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl")
    parser.add_argument("--sets", metavar="A,B", type=names, default=(), help="only these folders of it")
    parser.add_argument("--each", metavar="N", type=count(1, 100_000), default=5, help="recordings of each set (5)")
    parser.add_argument(
        "--server", metavar="NAME=HOST:PORT", type=_server, action="append", required=True, help="again for each"
    )
    parser.add_argument(
        "--silence-ms",
        metavar="N",
        type=count(0, 10_000),
        default=700,
        help="before audio-stop (700, as Home Assistant)",
    )


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure and print. Raises EdgeAsrError."""
    config, clock = load_config(args), SystemClock()
    now = setting(config, ("wyoming", "whisper-normalizer"))
    tokens = tokenizer(now.language)
    recordings = first_of_each(read_recordings(Path(args.speech), now.language, args.sets), args.each)
    begin(
        now,
        f"{len(recordings)} recordings to {len(args.server)} servers in turn, in real time",
    )
    figures = measure_latency(args.server, recordings, args.silence_ms / 1000, now.language, tokens, clock, spoken)
    print(latency_text(figures, measure_of(now.language)))
    return now, latency_json(figures)


def _server(text: str) -> Server:
    name, _, place = text.partition("=")
    host, _, port = place.rpartition(":")
    if not (name and host and port.isdecimal() and 1 <= int(port) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a name and a place, as in ours=127.0.0.1:10300")
    return Server(name, host, int(port))
