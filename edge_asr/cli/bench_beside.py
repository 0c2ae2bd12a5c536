"""`edge-asr bench latency --peer`: the real daemon and peers at the same microphone."""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from edge_asr.bench import beside
from edge_asr.bench.beside_report import beside_json, beside_text
from edge_asr.bench.daemon_hearer import DaemonHearer
from edge_asr.bench.peer_hearer import PeerHearer
from edge_asr.bench.peers import PEERS, ready_peers
from edge_asr.bench.saying import Hearer
from edge_asr.bench.scene import Scene
from edge_asr.cli.bench_options import peers
from edge_asr.cli.options import as_typed
from edge_asr.clock import Clock
from edge_asr.config import Config
from edge_asr.demo.pulse_server import MICROPHONE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its options of `latency`."""
    parser.add_argument(
        "--peer", metavar="A,B", type=peers, default=(), help=f"beside {' or '.join(PEERS)}, taking turns (none)"
    )
    parser.add_argument("--together", action="store_true", help="all hear at the same time, and share the CPU")


def measure(config: Config, args: argparse.Namespace, files: Sequence[Path], clock: Clock) -> Any:
    """Measure and print; the figures. Raises EdgeAsrError."""
    with ExitStack() as stack:
        ready = stack.enter_context(ready_peers(args.peer, config))
        scene = stack.enter_context(Scene(config, as_typed(args), clock))
        variables = scene.sound_variables()
        hearers: list[Hearer] = [DaemonHearer(scene, clock)]
        for peer in ready:
            command = ["-m", peer.listener, MICROPHONE, *peer.words]
            hearers.append(stack.enter_context(PeerHearer(peer.name, command, variables)))
        ear = stack.enter_context(scene.listen())
        playing = beside.Playing(scene.play, ear, clock)
        result = beside.measure(playing, hearers, files, args.repeat, together=args.together)
    print(beside_text(result))
    return beside_json(result)
