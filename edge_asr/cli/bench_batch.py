"""`edge-asr bench batch`: files into text, beside the commands and calls that others offer for it."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from edge_asr.bench import batch
from edge_asr.bench.batch_programs import BATCH_PEERS, moonshine, own, vosk_transcriber
from edge_asr.bench.batch_report import batch_json, batch_text
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.peers import MOONSHINE, VOSK, check_peers, ready_peers
from edge_asr.bench.recordings import first_of_each, read_recordings
from edge_asr.bench.tokens import measure_of, tokenizer
from edge_asr.cli.bench_options import count, names, peers_of
from edge_asr.cli.options import as_typed, load_config
from edge_asr.clock import SystemClock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    cores = len(os.sched_getaffinity(0))
    add = parser.add_argument
    add("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl")
    add("--sets", metavar="A,B", type=names, default=(), help="only these folders of it")
    add("--each", metavar="N", type=count(1, 100_000), default=20, help="recordings of each set (20)")
    add("--jobs", metavar="N", type=count(1, 256), default=cores, help="processes of ours (one for each core)")
    add("--rounds", metavar="N", type=count(1, 100), default=2, help="all programs N times (2)")
    add(
        "--peer",
        metavar="A,B",
        type=peers_of(BATCH_PEERS),
        default=BATCH_PEERS,
        help=f"beside {' or '.join(BATCH_PEERS)} (both), or none",
    )


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure and print. Raises EdgeAsrError."""
    config, clock = load_config(args), SystemClock()
    now = setting(config, (*args.peer, "whisper-normalizer"))
    check_peers(args.peer, now.language)
    tokens = tokenizer(now.language)
    recordings = first_of_each(read_recordings(Path(args.speech), now.language, args.sets), args.each)
    print(now.line())
    options = as_typed(args)
    programs = [own(args.jobs, options, second_pass=False)]
    if now.second_pass is not None:
        programs.append(own(args.jobs, options, second_pass=True))
    if MOONSHINE in args.peer:
        programs += [moonshine(processes) for processes in sorted({1, args.jobs})]
    with ready_peers([VOSK] if VOSK in args.peer else [], config) as ready:
        programs += [vosk_transcriber(Path(peer.words[0])) for peer in ready]
        what = f"{len(recordings)} recordings, {len(programs)} programs, {args.rounds} times"
        print(f"edge-asr bench: {what}", file=sys.stderr, flush=True)
        runs = batch.measure(programs, recordings, args.rounds, tokens, clock)
    print(batch_text(runs, measure_of(now.language)))
    return now, batch_json(runs)
