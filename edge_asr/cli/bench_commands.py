"""`edge-asr bench commands`: commands understood in noise, and false ones, in commands mode."""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edge_asr.app import load_recognizer
from edge_asr.asr.bundle import Bundle, load_bundle
from edge_asr.asr.families import load_lexicon
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.manifest import Manifest
from edge_asr.audio.chunk import Samples
from edge_asr.bench import commands_compile
from edge_asr.bench.benchmark_commands import as_templates
from edge_asr.bench.commands import CLEAN, LEVELS_DB, CommandEar, Elsewhere, Level, Order, mixed, read_orders
from edge_asr.bench.commands_report import commands_json, commands_text
from edge_asr.bench.commands_wake import WakeEar, WakeElsewhere, opened, openings, wake_json, wake_text
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.mixture import read_noises, read_samples
from edge_asr.bench.peers import VOSK
from edge_asr.bench.recordings import read_recordings
from edge_asr.cli.bench_options import count
from edge_asr.cli.options import load_config
from edge_asr.clock import Clock, SystemClock
from edge_asr.config import Config
from edge_asr.errors import EdgeAsrError, ModelError
from edge_asr.sentences.compiled import compile_definitions
from edge_asr.sentences.plain_list import read_plain_list
from edge_asr.sentences.wake import with_wake
from edge_asr.sentences.yaml_file import read_definitions
from edge_asr.settings import model_folder

_OFTEN = 10  # said so often an opening may be the phrase that wakes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--speech", metavar="DIR", help="recordings with manifest.jsonl")
    parser.add_argument("--compile", action="store_true", help="only how long and how big 10 to 100,000 sentences are")
    parser.add_argument("--wake", action="store_true", help="instead, phrases that wake: missed, and heard elsewhere")
    parser.add_argument("--commands", metavar="FILE", help="the commands in the benchmark's format (DIR/commands.yaml)")
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
    definitions = read_definitions(file.name, as_templates(file.name, file.read_text("utf-8")), now.language)
    compiled = compile_definitions(definitions, load_lexicon(bundle), now.language)
    recognizer = load_recognizer(config)
    if not isinstance(recognizer, KaldiRecognizer):
        raise ModelError(f"the model {bundle.manifest.name!r} hears no commands; choose another models.bundle")
    ear = CommandEar(config, recognizer, compiled.grammar)
    orders = [(one, read_samples(one.path, ear.rate_hz, clock)) for one in read_orders(folder)[: args.each]]
    noises = read_noises(Path(args.noise or folder / "noise"), ear.rate_hz, clock)
    if args.wake:
        others = [read_samples(one.path, ear.rate_hz, clock) for one in read_recordings(folder, None)]
        return now, _wake(config, bundle, recognizer, file, orders, [*others, *noises.values()])
    print(now.line())
    wanted = args.only.split(",") if args.only else [""]
    levels: list[Level] = [ear.level(orders, CLEAN, None)]
    for name, noise in noises.items():
        for snr_db in LEVELS_DB if any(part in name for part in wanted) else ():
            rng = np.random.default_rng(snr_db)
            levels.append(ear.level([(order, mixed(said, noise, snr_db, rng)) for order, said in orders], name, snr_db))
    elsewhere = [] if args.no_false else _elsewhere(ear, folder, now.language, noises, clock)
    print(commands_text(levels, elsewhere, config.commands.most_excess))
    return now, commands_json(levels, elsewhere)


def _elsewhere(
    ear: CommandEar, folder: Path, language: str, noises: Mapping[str, Samples], clock: Clock
) -> list[Elsewhere]:
    elsewhere: list[Elsewhere] = []
    for recording in read_recordings(folder, language):
        _add(elsewhere, ear.elsewhere(recording.set_name, read_samples(recording.path, ear.rate_hz, clock)))
    for name, noise in noises.items():
        _say(f"nothing but {name}")
        _add(elsewhere, ear.elsewhere(name, noise))
    return elsewhere


def _wake(
    config: Config,
    bundle: Bundle[Manifest],
    recognizer: KaldiRecognizer,
    file: Path,
    orders: Sequence[tuple[Order, Samples]],
    others: Sequence[Samples],
) -> Any:
    text, language, lexicon = file.read_text("utf-8"), bundle.manifest.language, load_lexicon(bundle)
    phrases, rest_text = openings(text)
    with_openings, without = (
        compile_definitions(read_definitions(file.name, as_templates(file.name, one), language), lexicon, language)
        for one in (text, rest_text)
    )

    def ear(wakes: Sequence[str]) -> WakeEar:
        phrase = compile_definitions(read_plain_list("phrases", "\n".join(wakes)), lexicon, language)
        return WakeEar(config, recognizer, with_wake(without.grammar, phrase.grammar))

    hearing = recognizer.without_open_speech().with_commands(with_openings.grammar, math.inf)
    found = [opened(hearing, order, samples, phrases) for order, samples in orders]
    often = [one for one in phrases if sum(order.opening == one for order in found) >= _OFTEN]
    if not often:
        raise EdgeAsrError(f"no opening is said {_OFTEN} times in {len(orders)} commands; give more of them")
    results = []
    for one in often:
        _say(f"{one!r} wakes")
        results.append(ear([one]).result(one, found))
    elsewhere, all_of_them = WakeElsewhere(), ear(often)
    _say("nobody says any of them")
    for samples in others:
        all_of_them.elsewhere(samples, elsewhere)
    print(wake_text(results, elsewhere, config))
    return wake_json(results, elsewhere)


def _compile(config: Config, now: Setting) -> tuple[Setting, Any]:
    print(now.line())
    costs = commands_compile.measure(model_folder(config), config.models.bundle)
    print(commands_compile.compile_text(costs))
    return now, [asdict(cost) for cost in costs]


def _add(elsewhere: list[Elsewhere], found: Elsewhere) -> None:
    """To those of the same name."""
    for one in apart:
        if (one.who, one.name) == (found.who, found.name):
            one.audio_s += found.audio_s
            one.excesses += found.excesses
            return
    apart.append(found)


def _say(text: str) -> None:
    print(f"edge-asr bench: {text}", file=sys.stderr, flush=True)
