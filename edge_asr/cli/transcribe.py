"""`edge-asr transcribe FILE…`: the daemon's own pipeline over files."""

import argparse
import sys
from typing import Any

from edge_asr.app import available_second_pass, build_pipeline, load_recognizer
from edge_asr.asr.recognizer import Recognizer
from edge_asr.asr.result import EndReason
from edge_asr.audio.replay import FileSource, StdinSource
from edge_asr.cli.options import add_config_options, load_config
from edge_asr.clock import SystemClock
from edge_asr.config import Config
from edge_asr.errors import EXIT_FAILURE, EXIT_OK, AudioFileError
from edge_asr.events import Event, FinalEvent, PartialEvent, encode
from edge_asr.second_pass import SecondPass, heard_again
from edge_asr.settings import device_id
from edge_asr.stamp import Stamp


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Files and the shape of the output."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="WAV or FLAC; - reads standard input (WAV or raw)")
    parser.add_argument("--json", action="store_true", help="one event a line, as on the broker, instead of text")
    parser.add_argument("--partials", action="store_true", help="with --json: partials too")
    parser.add_argument("--rate", type=int, default=16000, metavar="HZ", help="rate of raw standard input (16000)")
    parser.add_argument("--channels", type=int, default=1, metavar="N", help="channels of raw standard input (1)")
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print what each file says; a file that is not audio is one line on standard error and exit code 1."""
    config = load_config(args)
    recognizer = load_recognizer(config)
    second_pass = available_second_pass(config)
    failed = False
    streams: set[str] = set()
    for name in args.files:
        try:
            _one(name, args, config, recognizer, second_pass, streams)
        except AudioFileError as error:
            print(f"edge-asr: {error}", file=sys.stderr)
            failed = True
    return EXIT_FAILURE if failed else EXIT_OK


def _one(
    name: str,
    args: argparse.Namespace,
    config: Config,
    recognizer: Recognizer[Any],
    second_pass: SecondPass | None,
    streams: set[str],
) -> None:
    clock = SystemClock()
    channel = config.audio.channel
    source: FileSource | StdinSource
    if name == "-":
        if sys.stdin is None:
            raise AudioFileError("standard input is closed; pipe WAV or raw s16le in")
        source = StdinSource(sys.stdin.buffer, clock, sample_rate_hz=args.rate, channels=args.channels, channel=channel)
    else:
        source = FileSource(name, clock, channel=channel)
    source.stream_id = _unused(source.stream_id, streams)
    pipeline = build_pipeline(config, recognizer)
    stamp = Stamp(clock, device_id(config), recognizer.language, recognizer.model, None)
    prefix = f"{name}: " if len(args.files) > 1 else ""
    for chunk in source.chunks():
        for observation in pipeline.process(chunk):
            _print(stamp.event(heard_again(observation, second_pass)), args, prefix)
    for observation in pipeline.end(EndReason.END_OF_INPUT):
        _print(stamp.event(heard_again(observation, second_pass)), args, prefix)
    if source.warning:
        print(f"edge-asr: {source.warning}", file=sys.stderr)


def _unused(stream_id: str, streams: set[str]) -> str:
    """Files of the same name, or with the same beginning of a long one, are still streams of their own."""
    number, unused = 1, stream_id
    while unused in streams:
        number += 1
        unused = f"{stream_id}_{number}"
    streams.add(unused)
    return unused


def _print(event: Event, args: argparse.Namespace, prefix: str) -> None:
    if args.json:
        if args.partials or not isinstance(event, PartialEvent):
            print(encode(event).decode(), flush=True)
    elif isinstance(event, FinalEvent) and event.text:
        print(f"{prefix}{event.text}", flush=True)
