"""`edge-asr bench commands`: commands understood in noise, and false ones, in commands mode."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.families import load_lexicon
from edge_asr.asr.judge import Judge
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.audio.chunk import Samples
from edge_asr.bench import commands_compile
from edge_asr.bench.benchmark_commands import as_templates, read_list
from edge_asr.bench.commands import (
    CLEAN,
    LEVELS_DB,
    CommandEar,
    Ear,
    Elsewhere,
    Level,
    Order,
    elsewhere,
    level,
    mixed,
    read_orders,
)
from edge_asr.bench.commands_peer import vosk_ear
from edge_asr.bench.commands_report import commands_json, commands_text
from edge_asr.bench.false_hours import SEED
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.mixture import read_noises, read_samples
from edge_asr.bench.peers import VOSK
from edge_asr.bench.recordings import read_recordings
from edge_asr.cli.bench_false import measure_false, other_speech, read_commands
from edge_asr.cli.bench_options import count, hours
from edge_asr.cli.bench_wake import measure_wake
from edge_asr.cli.options import load_config
from edge_asr.clock import Clock, SystemClock
from edge_asr.config import Config
from edge_asr.errors import EdgeAsrError, ModelError
from edge_asr.loading import daemons_judge, load_recognizer
from edge_asr.sentences.compiled import compile_definitions
from edge_asr.sentences.definitions import Definitions
from edge_asr.sentences.yaml_file import read_definitions
from edge_asr.settings import model_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--speech", metavar="DIR", help="recordings with manifest.jsonl")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--compile", action="store_true", help="only how long and how big 10 to 100,000 sentences are")
    instead.add_argument("--wake", action="store_true", help="instead, phrases that wake: missed, and heard elsewhere")
    instead.add_argument(
        "--false-hours", metavar="H", type=hours, help="instead, so long what is no command, each time in other dress"
    )
    parser.add_argument("--seed", metavar="N", type=count(0, 2**32), default=SEED, help=f"of the dress ({SEED})")
    parser.add_argument(
        "--commands", metavar="FILE", help="the benchmark's commands (DIR/commands.yaml); for false ones any sentences"
    )
    parser.add_argument("--noise", metavar="DIR", help="a folder of sounds without speech, 10 s or more (DIR/noise)")
    parser.add_argument("--each", metavar="N", type=count(1, 100_000), help="so many commands (all)")
    parser.add_argument("--only", metavar="A,B", help="only these noises, by a part of their names")
    parser.add_argument("--peer", choices=[VOSK], help="beside it, with the same sentences as its list of phrases")
    parser.add_argument("--no-false", action="store_true", help="leave out what is no command")


def measure(args: argparse.Namespace) -> tuple[Setting, Any]:
    """Measure and print. Raises EdgeAsrError and its kinds."""
    config, clock = load_config(args), SystemClock()
    now = setting(config, ())
    if args.compile:
        return _compile(config, now)
    if args.speech is None:
        raise EdgeAsrError("commands are understood in recordings: give --speech DIR, or only --compile")
    folder = Path(args.speech)
    file = Path(args.commands or folder / "commands.yaml")
    bundle = load_bundle(model_folder(config), config.models.bundle)
    compiled = compile_definitions(_definitions(args, file, now.language), load_lexicon(bundle), now.language)
    recognizer = load_recognizer(config)
    if not isinstance(recognizer, KaldiRecognizer):
        raise ModelError(f"the model {bundle.manifest.name!r} hears no commands; choose another models.bundle")
    rate_hz = recognizer.sample_rate_hz
    judge = None if args.wake else _judge(config)
    if args.false_hours is not None:
        noises = _only(read_noises(Path(args.noise or folder / "noise"), rate_hz, clock), args.only)
        print(now.line())
        alone = CommandEar(config, recognizer, compiled.grammar, judge)
        said = other_speech(folder, rate_hz, clock)
        most = config.commands.most_excess
        return now, measure_false(alone, said, noises, args.false_hours, rate_hz, most, seed=args.seed)
    orders = [(one, read_samples(one.path, rate_hz, clock)) for one in read_orders(folder)[: args.each]]
    noises = read_noises(Path(args.noise or folder / "noise"), rate_hz, clock)
    print(now.line())
    if args.wake:
        others = (samples for _, samples in _no_commands(folder, noises, rate_hz, clock))
        return now, measure_wake(config, bundle, recognizer, file, orders, others)
    wanted = args.only.split(",") if args.only else [""]
    levels: list[Level] = []
    apart: list[Elsewhere] = []
    with ExitStack() as stack:
        ears: list[Ear] = [CommandEar(config, recognizer, compiled.grammar, judge)]
        if args.peer:
            ears.append(stack.enter_context(vosk_ear(config, now.language, compiled.grammar, rate_hz)))
        for name, snr_db, sounds in _conditions(orders, noises, wanted):
            _say(name if snr_db is None else f"{name} at {snr_db} dB")
            levels += [level(ear, sounds, name, snr_db, rate_hz) for ear in ears]
        for name, samples in () if args.no_false else _no_commands(folder, noises, rate_hz, clock):
            for ear in ears:
                _add(apart, elsewhere(ear, name, samples, rate_hz))
    print(commands_text(levels, apart, config.commands.most_excess))
    return now, commands_json(levels, apart)


def _definitions(args: argparse.Namespace, file: Path, language: str) -> Definitions:
    if args.false_hours is not None:
        return read_commands(file, language)
    return read_definitions(file.name, as_templates(file.name, read_list(file)), language)


def _only(noises: Mapping[str, Samples], only: str | None) -> Mapping[str, Samples]:
    """Those with a part of their names in a row of them. Raises EdgeAsrError for none."""
    wanted = only.split(",") if only else [""]
    found = {name: noise for name, noise in noises.items() if any(part in name for part in wanted)}
    if not found:
        raise EdgeAsrError(f"--only {only}: no noise is called so; known are {', '.join(noises)}")
    return found


def _compile(config: Config, now: Setting) -> tuple[Setting, Any]:
    print(now.line())
    costs = commands_compile.measure(model_folder(config), config.models.bundle)
    print(commands_compile.compile_text(costs))
    return now, [asdict(cost) for cost in costs]


def _conditions(
    orders: Sequence[tuple[Order, Samples]], noises: Mapping[str, Samples], wanted: Sequence[str]
) -> Iterator[tuple[str, int | None, Sequence[tuple[Order, Samples]]]]:
    """Clean, then each noise from far away to near."""
    yield CLEAN, None, orders
    for name, noise in noises.items():
        for snr_db in LEVELS_DB if any(part in name for part in wanted) else ():
            rng = np.random.default_rng(snr_db)
            yield name, snr_db, [(order, mixed(said, noise, snr_db, rng)) for order, said in orders]


def _no_commands(
    folder: Path, noises: Mapping[str, Samples], rate_hz: int, clock: Clock
) -> Iterator[tuple[str, Samples]]:
    """Speech of every language that is no command, then the noises."""
    orders = {order.name for order in read_orders(folder)}
    for recording in read_recordings(folder, None):
        if recording.name not in orders:
            yield recording.set_name, read_samples(recording.path, rate_hz, clock)
    yield from noises.items()


def _add(apart: list[Elsewhere], found: Elsewhere) -> None:
    """To those of the same name."""
    for one in apart:
        if (one.who, one.name) == (found.who, found.name):
            one.audio_s += found.audio_s
            one.excesses += found.excesses
            return
    apart.append(found)


def _judge(config: Config) -> Judge | None:
    judge = daemons_judge(config)
    _say("with a second opinion" if judge else "without a second opinion, see commands.second_opinion")
    return judge


def _say(text: str) -> None:
    print(f"edge-asr bench: {text}", file=sys.stderr, flush=True)
