"""`edge-asr bench latency --peer`: the real daemon and a peer at the same microphone."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge_asr.bench import beside
from edge_asr.bench.beside_report import beside_json, beside_text
from edge_asr.bench.daemon_hearer import DaemonHearer
from edge_asr.bench.peer_hearer import PeerHearer
from edge_asr.bench.peers import MOONSHINE
from edge_asr.bench.saying import Hearer
from edge_asr.bench.scene import Scene
from edge_asr.cli.options import as_typed
from edge_asr.clock import Clock
from edge_asr.config import Config
from edge_asr.demo.pulse_server import MICROPHONE

_LISTENERS = {MOONSHINE: "edge_asr.bench.moonshine_listener"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its options of `latency`."""
    parser.add_argument(
        "--peer", metavar="NAME", type=_peer, default=(), help=f"beside {' or '.join(_LISTENERS)}, taking turns (none)"
    )
    parser.add_argument("--together", action="store_true", help="both hear at the same time, and share the CPU")


def measure(config: Config, args: argparse.Namespace, files: Sequence[Path], clock: Clock) -> Any:
    """Measure and print; the figures. Raises EdgeAsrError."""
    (name,) = args.peer
    command = ["-m", _LISTENERS[name], MICROPHONE]
    with (
        Scene(config, as_typed(args), clock) as scene,
        PeerHearer(name, command, scene.sound_variables()) as peer,
        scene.listen() as ear,
    ):
        playing = beside.Playing(scene.play, ear, clock)
        hearers: list[Hearer] = [DaemonHearer(scene, clock), peer]
        result = beside.measure(playing, hearers, files, args.repeat, together=args.together)
    print(beside_text(result))
    return beside_json(result)


def _peer(text: str) -> Sequence[str]:
    if text != "none" and text not in _LISTENERS:
        raise argparse.ArgumentTypeError(f"{text!r}: expected none or {' or '.join(_LISTENERS)}")
    return () if text == "none" else (text,)
