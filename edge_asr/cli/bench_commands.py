"""`edge-asr bench commands`: commands understood in noise, and false ones, in commands mode."""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from edge_asr.app import load_recognizer
from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.families import load_lexicon
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.bench.benchmark_commands import as_templates
from edge_asr.bench.commands import CLEAN, LEVELS_DB, CommandEar, Elsewhere, Level, mixed, read_orders
from edge_asr.bench.commands_report import commands_json, commands_text
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.mixture import read_noises, read_samples
from edge_asr.bench.recordings import read_recordings
from edge_asr.cli.bench_options import count
from edge_asr.cli.options import load_config
from edge_asr.clock import SystemClock
from edge_asr.errors import ModelError
from edge_asr.sentences.compiled import compile_definitions
from edge_asr.sentences.yaml_file import read_definitions
from edge_asr.settings import model_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl")
    parser.add_argument("--commands", metavar="FILE", help="the commands in the benchmark's format (DIR/commands.yaml)")
    parser.add_argument("--noise", metavar="DIR", help="a folder of sounds without speech, 10 s or more (DIR/noise)")
    parser.add_argument("--each", metavar="N", type=count(1, 100_000), help="so many commands (all)")
    parser.add_argument("--only", metavar="A,B", help="only these noises, by a part of their names")
    parser.add_argument("--no-false", action="store_true", help="leave out what is no command")


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure and print. Raises EdgeAsrError and its kinds."""
    config, clock = load_config(args), SystemClock()
    now, folder = setting(config, ()), Path(args.speech)
    file = Path(args.commands or folder / "commands.yaml")
    bundle = load_bundle(model_folder(config), config.models.bundle)
    definitions = read_definitions(file.name, as_templates(file.name, file.read_text("utf-8")), now.language)
    compiled = compile_definitions(definitions, load_lexicon(bundle), now.language)
    recognizer = load_recognizer(config)
    if not isinstance(recognizer, KaldiRecognizer):
        raise ModelError(f"the model {bundle.manifest.name!r} hears no commands; choose another models.bundle")
    ear = CommandEar(config, recognizer, compiled.grammar)
    orders = [(one, read_samples(one.path, ear.rate_hz, clock)) for one in read_orders(folder)[: args.each]]
    noises = read_noises(Path(args.noise or folder / "noise"), ear.rate_hz, clock)
    wanted = args.only.split(",") if args.only else [""]
    print(now.line())
    levels: list[Level] = [ear.level(orders, CLEAN, None)]
    for name, noise in noises.items():
        if not any(part in name for part in wanted):
            continue
        for snr_db in LEVELS_DB:
            _say(f"{name} at {snr_db} dB")
            rng = np.random.default_rng(snr_db)
            levels.append(ear.level([(order, mixed(said, noise, snr_db, rng)) for order, said in orders], name, snr_db))
    elsewhere: list[Elsewhere] = []
    if not args.no_false:
        for recording in read_recordings(folder, now.language):
            found = ear.elsewhere(recording.set_name, read_samples(recording.path, ear.rate_hz, clock))
            _add(elsewhere, found)
        for name, noise in noises.items():
            _say(f"nothing but {name}")
            _add(elsewhere, ear.elsewhere(name, noise))
    print(commands_text(levels, elsewhere, config.commands.most_excess))
    return now, commands_json(levels, elsewhere)


def _add(elsewhere: list[Elsewhere], found: Elsewhere) -> None:
    """To those of the same name."""
    for one in elsewhere:
        if one.name == found.name:
            one.audio_s += found.audio_s
            one.excesses += found.excesses
            return
    elsewhere.append(found)


def _say(text: str) -> None:
    print(f"edge-asr bench: {text}", file=sys.stderr, flush=True)
