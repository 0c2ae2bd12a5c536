"""`edge-asr bench parity`: streaming zipformers beside sherpa-onnx, on the same networks and recordings."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge_asr.asr.bundle import Bundle, load_bundle, of_family
from edge_asr.asr.manifest import ZipformerManifest
from edge_asr.bench import zipformer_parity
from edge_asr.bench.extra import require
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.made_zipformers import made_zipformers
from edge_asr.bench.peers import SHERPA
from edge_asr.bench.recordings import first_of_each, read_recordings
from edge_asr.bench.zipformer_parity_report import parity_json, parity_text
from edge_asr.cli.bench_begin import begin
from edge_asr.cli.bench_options import count, names
from edge_asr.cli.options import load_config
from edge_asr.clock import SystemClock
from edge_asr.config import Config
from edge_asr.settings import model_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl, any language")
    parser.add_argument("--sets", metavar="A,B", type=names, default=(), help="only these folders of it")
    parser.add_argument("--each", metavar="N", type=count(1, 100_000), help="recordings of each set (all)")
    parser.add_argument("--rounds", metavar="N", type=count(1, 100), default=3, help="hear each so often (3)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--bundles",
        metavar="A,B",
        type=names,
        default=(),
        help="installed zipformers (made up: 20 million weights)",
    )
    which.add_argument("--small", action="store_true", help="made up with 0.3 million weights: the search is the cost")


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure and print. Raises EdgeAsrError."""
    require(SHERPA.replace("-", "_"))
    config, clock = load_config(args), SystemClock()
    recordings = read_recordings(Path(args.speech), None, args.sets)
    if args.each is not None:
        recordings = first_of_each(recordings, args.each)
    with _bundles(config, args.bundles, small=args.small) as bundles:
        wanted = zipformer_parity.cases(bundles)
        now = setting(zipformer_parity.own_config(wanted[0]), [SHERPA])
        begin(
            now,
            f"{len(recordings)} recordings, {args.rounds} times with both, {len(wanted)} ways",
            quiet_wanted=True,
        )
        results = zipformer_parity.measure(wanted, recordings, args.rounds, clock)
        print(parity_text(results, args.rounds))
        return now, parity_json(results, args.rounds)


@contextmanager
def _bundles(config: Config, wanted: Sequence[str], *, small: bool) -> Iterator[list[Bundle[ZipformerManifest]]]:
    if wanted:
        folder = model_folder(config)
        yield [of_family(load_bundle(folder, name), ZipformerManifest) for name in wanted]
        return
    with made_zipformers(small=small) as made:
        yield list(made.values())
