"""`edge-asr bench cost`: CPU, time, memory and start of the configured recognizer, over recordings."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec

from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.manifest import KaldiManifest
from edge_asr.bench import cost
from edge_asr.bench.cost_report import cost_json, cost_text
from edge_asr.bench.float_network import float_models
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.peers import PEERS, check_peers, ready_peers
from edge_asr.bench.recordings import first_of_each, read_recordings
from edge_asr.cli.bench_begin import begin
from edge_asr.cli.bench_options import count, names, peers
from edge_asr.cli.options import load_config
from edge_asr.clock import SystemClock
from edge_asr.config import Config
from edge_asr.errors import ModelError
from edge_asr.second_pass_choice import second_pass_bundle
from edge_asr.settings import model_folder

_MODES: tuple[Literal["open", "commands", "both"], ...] = ("open", "commands", "both")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl")
    parser.add_argument("--sets", metavar="A,B", type=names, default=(), help="only these folders of it")
    parser.add_argument("--each", metavar="N", type=count(1, 100_000), default=5, help="recordings of each set (5)")
    parser.add_argument("--threads", metavar="A,B", type=_threads, default=(1, 2), help="once with each (1,2)")
    parser.add_argument("--rounds", metavar="N", type=count(1, 100), default=3, help="start and hear so often (3)")
    parser.add_argument("--peer", metavar="A,B", type=peers, default=(), help=f"beside {' or '.join(PEERS)} (none)")


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure and print. Raises EdgeAsrError."""
    config, clock = load_config(args), SystemClock()
    now = setting(config, args.peer)
    check_peers(args.peer, now.language)
    recordings = first_of_each(read_recordings(Path(args.speech), now.language, args.sets), args.each)
    with ExitStack() as stack:
        networks = stack.enter_context(_networks(config))
        beside = stack.enter_context(ready_peers(args.peer, config))
        manifest = load_bundle(model_folder(config), config.models.bundle).manifest
        both = second_pass_bundle(config, manifest) is not None
        ways = list(cost.ways(modes(networks), args.threads, beside, second_pass=both))
        what = f"{len(recordings)} recordings, {args.rounds + 1} times for each of {len(ways)} ways"
        begin(now, what, quiet_wanted=True)
        costs = cost.measure(ways, recordings, args.rounds, clock)
    print(cost_text(costs))
    return now, cost_json(costs)


@contextmanager
def _networks(config: Config) -> Iterator[dict[str, Config]]:
    """Configurations by the kind of their weights: as bundled, and in float where that can be had."""
    manifest = load_bundle(model_folder(config), config.models.bundle).manifest
    with ExitStack() as stack:
        if not isinstance(manifest, KaldiManifest):
            yield {"as bundled": config}
            return
        try:
            in_float = stack.enter_context(float_models(config))
        except ModelError as error:
            print(f"edge-asr bench: the float network is left out: {error}", file=sys.stderr)
            yield {"int8": config}
        else:
            yield {"int8": config, "float": in_float}


def modes(networks: dict[str, Config]) -> dict[str, Config]:
    """Each with every mode of commands, where there are sentences."""
    modes: dict[str, Config] = {}
    for kind, config in networks.items():
        if config.commands.sentences is None:
            modes[kind] = config
            continue
        for mode in _MODES:
            commands = msgspec.structs.replace(config.commands, mode=mode)
            modes[f"{kind}, {mode}"] = msgspec.structs.replace(config, commands=commands)
    return modes


def _threads(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(count(1, 16)(part.strip()) for part in text.split(",")))
