"""`edge-asr bench noise`: words invented where nobody speaks, by ours and by peers."""

import argparse
from typing import Any

from edge_asr.bench import noise
from edge_asr.bench.full_speed import Ears
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.noise_peers import measure_peers
from edge_asr.bench.noise_report import noise_json, noise_text
from edge_asr.bench.peers import PEERS, check_peers, ready_peers
from edge_asr.bench.sounds import all_sounds
from edge_asr.bench.tokens import spoken_count, unit_of
from edge_asr.cli.bench_begin import begin
from edge_asr.cli.bench_options import minutes, peers
from edge_asr.cli.options import load_config
from edge_asr.clock import SystemClock
from edge_asr.demo.sample import own_files


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--noise", metavar="FILE", nargs="+", default=[], help="after silence and white noise, these")
    parser.add_argument("--minutes", metavar="N", type=minutes, default=10.0, help="of each sound (10)")
    parser.add_argument("--peer", metavar="A,B", type=peers, default=(), help=f"beside {' or '.join(PEERS)} (none)")


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure and print. Raises EdgeAsrError."""
    config, clock = load_config(args), SystemClock()
    sounds = all_sounds(own_files(args.noise), clock)
    now = setting(config, args.peer)
    check_peers(args.peer, now.language)
    seconds, words = 60.0 * args.minutes, spoken_count(now.language)
    begin(now, f"{len(sounds)} sounds, {args.minutes:g} minutes of each, as fast as they are heard")
    with ready_peers(args.peer, config) as beside:
        own = noise.measure(sounds, seconds, Ears(config, clock).stream, words)
        theirs = measure_peers(sounds, seconds, beside, words)
    print(noise_text(own, unit_of(now.language), theirs))
    return now, noise_json(own, theirs)
