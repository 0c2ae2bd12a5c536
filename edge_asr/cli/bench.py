"""`edge-asr bench`: measurements of this very machine; nothing in them is remembered from another one."""

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from edge_asr.audio.replay import FileSource
from edge_asr.bench import accuracy, idle, latency, soak
from edge_asr.bench.accuracy_plot import accuracy_plot
from edge_asr.bench.accuracy_report import accuracy_json, accuracy_text
from edge_asr.bench.conditions import Conditions
from edge_asr.bench.float_network import float_models
from edge_asr.bench.footprint import footprint
from edge_asr.bench.full_speed import Ears
from edge_asr.bench.idle_report import idle_json, idle_text
from edge_asr.bench.latency_report import latency_json, latency_text
from edge_asr.bench.machine import Setting, setting
from edge_asr.bench.mixture import SNRS_DB
from edge_asr.bench.peers import PEERS, VOSK, check_peers, comparable, ready_peers
from edge_asr.bench.recordings import first_of_each, read_recordings
from edge_asr.bench.scene import Scene
from edge_asr.bench.soak_report import soak_json, soak_text
from edge_asr.bench.tokens import measure_of, tokenizer
from edge_asr.cli import (
    bench_batch,
    bench_beside,
    bench_commands,
    bench_cost,
    bench_edges,
    bench_formats,
    bench_gate,
    bench_noise,
    bench_parity,
    bench_publish,
    bench_targets,
    bench_wyoming,
)
from edge_asr.cli.bench_begin import begin
from edge_asr.cli.bench_options import count, minutes, names, peers, snrs_db
from edge_asr.cli.options import add_config_options, as_typed, load_config
from edge_asr.clock import Clock, SystemClock
from edge_asr.config import Config
from edge_asr.demo.sample import own_files, sample
from edge_asr.errors import EXIT_OK, EdgeAsrError, ModelError
from edge_asr.heap import give_back


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Subcommands of `bench`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    hearing = actions.add_parser("accuracy", help="errors and CPU over recordings, beside vosk with the same weights")
    hearing.add_argument("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl")
    hearing.add_argument("--sets", metavar="A,B", type=names, default=(), help="only these folders of it")
    hearing.add_argument("--each", metavar="N", type=count(1, 100_000), help="recordings of each set (all)")
    hearing.add_argument("--noise", metavar="DIR", help="once more in each noise of this folder, 10 s or more")
    hearing.add_argument("--snr", metavar="A,B", type=snrs_db, help="so many dB below speech (20,10,5,0)")
    hearing.add_argument("--apart", metavar="A,B", type=names, default=("commands",), help="reported, not pooled")
    hearing.add_argument(
        "--peer", metavar="A,B", type=peers, default=(VOSK,), help=f"beside {' or '.join(PEERS)} (vosk), or none"
    )
    hearing.add_argument("--float", action="store_true", help="once more with the first pass's network in float")
    hearing.add_argument("--plot", metavar="FILE", help="write errors against CPU there, as SVG")
    waiting = actions.add_parser("latency", help="from speech to a subscriber, in real time, through the real daemon")
    waiting.add_argument("--file", metavar="FILE", nargs="+", default=[], help="play these instead of the sample")
    waiting.add_argument("--repeat", metavar="N", type=count(1, 1000), default=4, help="play all of it N times (4)")
    bench_beside.add_arguments(waiting)
    resting = actions.add_parser("idle", help="cost, memory and false words of the real daemon while nobody speaks")
    resting.add_argument("--minutes", metavar="N", type=minutes, default=10.0, help="for each sound (10)")
    resting.add_argument("--noise", metavar="FILE", help="after silence, this sound without a gap")
    resting.add_argument("--together", action="store_true", help="both at the same time, with two daemons")
    mishearing = actions.add_parser("noise", help="words invented by the hour where nobody speaks, at full speed")
    bench_noise.add_arguments(mishearing)
    lasting = actions.add_parser("soak", help="what grows or slows down over thousands of utterances, at full speed")
    lasting.add_argument("--speech", metavar="DIR", required=True, help="recordings with manifest.jsonl")
    lasting.add_argument("--sets", metavar="A,B", type=names, default=(), help="only these folders of it")
    lasting.add_argument("--utterances", metavar="N", type=count(10, 10_000_000), default=2000, help="how many (2000)")
    gating = actions.add_parser("gate", help="speech that each voice detector misses in noise, and what noise opens")
    bench_gate.add_arguments(gating)
    ordering = actions.add_parser("commands", help="commands understood in noise, and false ones, in commands mode")
    bench_commands.add_arguments(ordering)
    edging = actions.add_parser("edges", help="first and last words lost, and at cuts of long speech; live, whole file")
    bench_edges.add_arguments(edging)
    shaping = actions.add_parser("formats", help="the same speech at other rates, channels and widths: same text?")
    bench_formats.add_arguments(shaping)
    costing = actions.add_parser("cost", help="CPU, time, memory and start of the recognizer, over recordings")
    bench_cost.add_arguments(costing)
    batching = actions.add_parser("batch", help="files into text: hours of sound an hour, beside what others offer")
    bench_batch.add_arguments(batching)
    publishing = actions.add_parser("publish", help="events per second beside paho alone, and how long it can hold up")
    bench_publish.add_arguments(publishing)
    equalling = actions.add_parser("parity", help="streaming zipformers beside sherpa-onnx: same tokens, and CPU")
    bench_parity.add_arguments(equalling)
    answering = actions.add_parser("wyoming", help="from audio-stop to the transcript, of Wyoming servers that run")
    bench_wyoming.add_arguments(answering)
    holding = actions.add_parser("targets", help="all that the recognizer is held to, one after the other: met or not")
    bench_targets.add_arguments(holding)
    for action in actions.choices.values():
        action.add_argument("--json", metavar="FILE", help="write all figures there too")
        add_config_options(action)


def run(args: argparse.Namespace) -> int:
    """Measure, print, and write the JSON file when one is wanted."""
    if args.json is not None:
        _claim(Path(args.json), "--json")  # before minutes of work
    measurements = {"accuracy": _accuracy, "latency": _latency, "idle": _idle, "soak": _soak}
    measurements |= {
        "commands": bench_commands.measure,
        "gate": bench_gate.measure,
        "noise": bench_noise.measure,
        "cost": bench_cost.measure,
        "publish": bench_publish.measure,
    }
    measurements |= {"parity": bench_parity.measure, "edges": bench_edges.measure, "formats": bench_formats.measure}
    measurements |= {"targets": bench_targets.measure, "batch": bench_batch.measure, "wyoming": bench_wyoming.measure}
    setting_now, figures = measurements[args.action](args)
    if args.json is not None:
        document = {"bench": args.action, "setting": setting_now, "figures": figures}
        Path(args.json).write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    return EXIT_OK


def _accuracy(args: argparse.Namespace) -> tuple[Setting, Any]:
    config, clock = comparable(load_config(args), args.peer), SystemClock()
    if args.noise is None and args.snr is not None:
        raise EdgeAsrError("--snr says how far below speech the noises of --noise are; give --noise DIR too")
    if args.plot is not None:
        _claim(Path(args.plot), "--plot")
    now = setting(config, (*args.peer, "whisper-normalizer"))
    check_peers(args.peer, now.language)
    tokens = tokenizer(now.language)
    recordings = read_recordings(Path(args.speech), now.language, args.sets)
    if args.each is not None:
        recordings = first_of_each(recordings, args.each)
    conditions = _conditions(args, FileSource(recordings[0].path, clock).sample_rate_hz, clock)
    again = f", each in {len(conditions)} conditions" if len(conditions) > 1 else ""
    begin(now, f"{len(recordings)} recordings in {now.language!r}{again}; it takes about as long as they are")
    apart = frozenset(args.apart)
    with ExitStack() as stack:
        beside = stack.enter_context(ready_peers(args.peer, config))
        in_float = _in_float(config, stack) if args.float else None
        result = accuracy.measure(
            config, recordings, conditions, tokens, clock, peers=beside, apart=apart, in_float=in_float
        )
    print(accuracy_text(result, measure_of(now.language)))
    if args.plot is not None:
        plot = accuracy_plot(result, measure_of(now.language), f"{now.cpu}, {now.bundle}")
        Path(args.plot).write_text(plot, encoding="utf-8")
    return now, accuracy_json(result, measure_of(now.language))


def _in_float(config: Config, stack: ExitStack) -> Config:
    try:
        return stack.enter_context(float_models(config))
    except ModelError as error:
        raise EdgeAsrError(f"--float: {error}; leave --float out") from None


def _conditions(args: argparse.Namespace, sample_rate_hz: int, clock: Clock) -> Conditions:
    folder = None if args.noise is None else Path(args.noise)
    return Conditions(folder, args.snr or SNRS_DB, sample_rate_hz, clock)


def _latency(args: argparse.Namespace) -> tuple[Setting, Any]:
    config, clock = load_config(args), SystemClock()
    files = own_files(args.file) if args.file else sample()
    if args.together and not args.peer:
        raise EdgeAsrError("--together says how ours and a peer hear; give --peer NAME too")
    now = setting(config, args.peer)
    check_peers(args.peer, now.language)
    begin(now, f"{len(files)} recordings, {args.repeat} times, in real time", quiet_wanted=True)
    if args.peer:
        return now, bench_beside.measure(config, args, files, clock)
    with Scene(config, as_typed(args), clock) as scene:
        result = latency.measure(scene, files, args.repeat, clock)
    print(latency_text(result))
    return now, latency_json(result)


def _idle(args: argparse.Namespace) -> tuple[Setting, Any]:
    config = load_config(args)
    noise = own_files([args.noise])[0] if args.noise else None
    now = setting(config)
    rounds = 1 if noise is None or args.together else 2
    begin(now, f"takes {rounds * args.minutes:g} minutes", quiet_wanted=True)
    seconds = 60.0 * args.minutes
    result = idle.measure(config, as_typed(args), seconds, noise, SystemClock(), together=args.together)
    print(idle_text(result))
    return now, idle_json(result)


def _soak(args: argparse.Namespace) -> tuple[Setting, Any]:
    config, clock = load_config(args), SystemClock()
    now = setting(config)
    recordings = read_recordings(Path(args.speech), now.language, args.sets)
    paths = [recording.path for recording in recordings]
    begin(now, f"{args.utterances} utterances over {len(paths)} recordings, as fast as they are heard")
    result = soak.measure(paths, args.utterances, Ears(config, clock).stream(), clock, footprint, give_back)
    print(soak_text(result))
    return now, soak_json(result)


def _claim(path: Path, option: str) -> None:
    if path.is_dir():  # also what an empty name stands for
        raise EdgeAsrError(f"{option} {path}: that is a folder; name a file in it")
    try:
        path.touch()
    except OSError as error:
        raise EdgeAsrError(f"{option} {path}: it cannot be written ({error.strerror}); name another file") from None
