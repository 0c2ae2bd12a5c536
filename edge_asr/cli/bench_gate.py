"""`edge-asr bench gate`: the voice detectors side by side, in recordings of speech and of noise."""

import argparse
from pathlib import Path
from typing import Any

from edge_asr.asr.bundle import load_bundle
from edge_asr.bench import gate
from edge_asr.bench.gate_peers import GATE_PEERS, measure_recognizers
from edge_asr.bench.gate_report import gate_json, gate_text
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.mixture import in_a_row, read_noises, read_samples
from edge_asr.bench.peers import check_peers, ready_peers
from edge_asr.bench.recordings import first_of_each, read_recordings
from edge_asr.cli.bench_begin import begin
from edge_asr.cli.bench_options import count, names, peers_of
from edge_asr.cli.options import load_config
from edge_asr.clock import SystemClock
from edge_asr.settings import model_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl, without noise")
    parser.add_argument("--noise", metavar="DIR", required=True, help="a folder of sounds without speech, 10 s or more")
    parser.add_argument("--sets", metavar="A,B", type=names, default=(), help="only these folders of the speech")
    parser.add_argument("--each", metavar="N", type=count(1, 100_000), default=10, help="recordings of each set (10)")
    parser.add_argument(
        "--peer",
        metavar="A,B",
        type=peers_of(GATE_PEERS),
        default=(),
        help=f"then the words of ours and of {' or '.join(GATE_PEERS)} in the same streams (none)",
    )


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure and print. Raises ModelError when Silero's bundle is not there."""
    config, clock = load_config(args), SystemClock()
    now = setting(config, args.peer)
    check_peers(args.peer, now.language)
    rate_hz = load_bundle(model_folder(config), config.models.bundle).manifest.sample_rate_hz
    recordings = first_of_each(read_recordings(Path(args.speech), now.language, args.sets), args.each)
    noises = read_noises(Path(args.noise), rate_hz, clock)
    clean = in_a_row([read_samples(recording.path, rate_hz, clock) for recording in recordings], rate_hz)
    begin(
        now,
        f"{len(recordings)} recordings, {clean.speech.sum() / rate_hz:.0f} s of speech in them, "
        f"{len(noises)} noises, {len(gate.MODES)} detectors",
    )
    figures = gate.measure(config, rate_hz, clean, noises)
    print(gate_text(figures))
    if not args.peer:
        return now, gate_json(figures)
    with ready_peers(args.peer, config) as beside:
        recognizers = measure_recognizers(config, rate_hz, clean, noises, beside)
    print(f"\nSegments with words:\n\n{gate_text(recognizers)}")
    return now, gate_json([*figures, *recognizers])
