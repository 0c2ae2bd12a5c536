"""`edge-asr transcribe FILE…`: the daemon's own pipeline over recordings, and folders of them."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge_asr.audio.container_file import duration_s, open_recording
from edge_asr.audio.replay import StdinSource, stream_id_of
from edge_asr.batch.crew import Crew
from edge_asr.batch.finding import Found, Missed, find
from edge_asr.batch.forms import SUFFIXES, document
from edge_asr.batch.messages import Begin, Outcome
from edge_asr.batch.places import is_up_to_date, places
from edge_asr.batch.progress import BatchBar
from edge_asr.batch.work import Task, Work, hears
from edge_asr.cli.loading import ended_by_ctrl_c
from edge_asr.cli.options import add_config_options, load_config
from edge_asr.clock import SystemClock
from edge_asr.config import Config
from edge_asr.errors import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK, AudioFileError, EdgeAsrError
from edge_asr.events import Event, FinalEvent, PartialEvent, encode

if TYPE_CHECKING:
    from edge_asr.batch.ear import Ear, Source  # it brings all that hears, which belongs to the processes

_LIVE = ("text", "jsonl")  # forms that are printed as they are heard, and of several recordings
_MOST_JOBS = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Recordings and the shape of the output."""
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="recordings, and folders of them; - reads standard input (WAV or raw)")
    add(
        "--format",
        metavar="A,B",
        type=_forms,
        dest="forms",
        help=f"{', '.join(SUFFIXES)}; several when they are written (text)",
    )
    add("--json", action="store_true", help="the same as --format jsonl: one event a line, as on the broker")
    add("--partials", action="store_true", help="with jsonl: partials too")
    add("--rate", type=int, default=16000, metavar="HZ", help="rate of raw standard input (16000)")
    add("--channels", type=int, default=1, metavar="N", help="channels of raw standard input (1)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--output-dir", metavar="DIR", help="write there, in folders like those of the recordings")
    where.add_argument("--beside", action="store_true", help="write beside each recording")
    add("--skip-existing", action="store_true", help="leave what is written already, and is not older than its source")
    add("--jobs", metavar="N", type=_jobs, default=len(os.sched_getaffinity(0)), help="processes (one for each core)")
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print or write what each recording says; one that cannot be heard is one line, and exit code 1."""
    forms = _checked(args)
    config = load_config(args)
    written = args.beside or args.output_dir is not None
    if not written and (len(args.files) == 1 or args.jobs == 1 or "-" in args.files) and _plain(args.files):
        return _one_by_one(args, forms[0], config)
    return _side_by_side(args, forms, config, written=written)


def _checked(args: argparse.Namespace) -> Sequence[str]:
    """Forms that are wanted. Raises EdgeAsrError for options that do not go together."""
    forms: Sequence[str] = args.forms or (("jsonl",) if args.json else ("text",))
    written = args.beside or args.output_dir is not None
    if args.json and args.forms not in (None, ("jsonl",)):
        raise EdgeAsrError("--json is --format jsonl; give one of them")
    if args.skip_existing and not written:
        raise EdgeAsrError("--skip-existing is for what is written; give --output-dir DIR or --beside too")
    if not written and len(forms) > 1:
        raise EdgeAsrError(f"--format {','.join(forms)}: only one is printed; write them with --output-dir or --beside")
    if not written and forms[0] not in _LIVE and (len(args.files) > 1 or not _plain(args.files)):
        raise EdgeAsrError(
            f"--format {forms[0]}: of several recordings it is written, with --output-dir DIR or --beside"
        )
    if written and "-" in args.files:
        raise EdgeAsrError(
            "- is standard input, whose text has no place of its own; leave --output-dir and --beside out"
        )
    if "-" in args.files and not _plain(args.files):
        raise EdgeAsrError("- is standard input, and a folder is named too; hear them one by one")
    if args.output_dir is not None and Path(args.output_dir).exists() and not Path(args.output_dir).is_dir():
        raise EdgeAsrError(f"--output-dir {args.output_dir}: that is a file; name a folder")
    return forms


def _plain(names: Sequence[str]) -> bool:
    """Whether none of them is a folder."""
    return not any(os.path.isdir(name) for name in names)  # noqa: PTH112 - a name may be one that the system refuses


def _one_by_one(args: argparse.Namespace, form: str, config: Config) -> int:
    """In this process, printed as it is heard."""
    with ended_by_ctrl_c():
        from edge_asr.batch.ear import load_ear  # noqa: PLC0415 - only here this process hears by itself

    ear, streams = load_ear(config, SystemClock()), _Streams()
    failed = False
    for name in args.files:
        try:
            _print_one(name, args, form, config, ear, streams)
        except AudioFileError as error:
            print(f"edge-asr: {error}", file=sys.stderr)
            failed = True
    return EXIT_FAILURE if failed else EXIT_OK


def _print_one(name: str, args: argparse.Namespace, form: str, config: Config, ear: "Ear", streams: "_Streams") -> None:
    clock, channel = SystemClock(), config.audio.channel
    source: Source
    if name == "-":
        if sys.stdin is None:
            raise AudioFileError("standard input is closed; pipe WAV or raw s16le in")
        source = StdinSource(sys.stdin.buffer, clock, sample_rate_hz=args.rate, channels=args.channels, channel=channel)
    else:
        source = open_recording(Path(name), clock, channel)
    source.stream_id = streams.unused(source.stream_id)
    prefix = f"{name}: " if len(args.files) > 1 else ""
    kept: list[Event] = []
    end_s = 0.0
    for at_s, events in ear.hear(source):
        end_s = at_s
        if form in _LIVE:
            for line in _lines(events, form, prefix, partials=args.partials):
                print(line, flush=True)
        else:
            kept += [event for event in events if isinstance(event, FinalEvent)]
    if form not in _LIVE:
        print(document(Outcome(kept, end_s, ear.language), form), end="", flush=True)
    if source.warning:
        print(f"edge-asr: {source.warning}", file=sys.stderr)


def _side_by_side(args: argparse.Namespace, forms: Sequence[str], config: Config, *, written: bool) -> int:
    """In processes of their own."""
    began_s = time.monotonic()
    tasks = _tasks(args, forms, written=written)
    numbers = [
        number
        for number, task in enumerate(tasks)
        if isinstance(task.what, Found) and not (args.skip_existing and is_up_to_date(task.what.path, task.places))
    ]
    wanted = hears(tasks, numbers, _Streams().of_name)
    shown = sys.stderr is not None and sys.stderr.isatty()
    clock = SystemClock()
    bar = BatchBar([duration_s(Path(one.path), clock) if shown else 0.0 for one in wanted], shown=shown)

    def show(found: Found, outcome: Outcome) -> str:
        prefix = f"{found.path}: " if len(tasks) > 1 else ""
        return "\n".join(_lines(outcome.events, forms[0], prefix, partials=True))

    work = Work(tasks, show, bar)
    crew = Crew(Begin(config, args.partials and "jsonl" in forms), wanted, args.jobs)
    try:
        work.do(crew, numbers)
    except KeyboardInterrupt:
        crew.close()
        work.tell_rest()
        bar.close()
        again = "; the same command with --skip-existing goes on" if written else ""
        print(f"edge-asr: interrupted: {_said(work)} of {len(wanted)}{again}", file=sys.stderr)
        return EXIT_INTERRUPTED
    finally:
        crew.close()
        bar.close()
    for warning in crew.warnings:
        print(f"edge-asr: {warning}", file=sys.stderr)
    if crew.fewer:
        print(f"edge-asr: fewer processes than --jobs {args.jobs}: {crew.fewer}", file=sys.stderr)
    if written:
        left = sum(isinstance(task.what, Found) for task in tasks) - len(wanted)
        there = f", {left} were there" if left else ""
        took_s = time.monotonic() - began_s
        print(f"edge-asr: {_said(work)}{there}; {work.audio_s:.1f} s of sound in {took_s:.1f} s", file=sys.stderr)
    return EXIT_FAILURE if work.failed else EXIT_OK


def _tasks(args: argparse.Namespace, forms: Sequence[str], *, written: bool) -> list[Task]:
    found = find(args.files)
    if not written:
        return [Task(one, {}) for one in found]
    unique: dict[Path | int, Found | Missed] = {}
    for number, one in enumerate(found):  # one recording under two names has one document
        unique.setdefault(Path(os.path.realpath(one.path)) if isinstance(one, Found) else number, one)
    recordings = [one for one in unique.values() if isinstance(one, Found)]
    folder = None if args.output_dir is None else Path(args.output_dir)
    there = dict(zip(recordings, places(recordings, forms, folder), strict=True))
    return [Task(one, there[one] if isinstance(one, Found) else {}) for one in unique.values()]


def _lines(events: Sequence[Event], form: str, prefix: str, *, partials: bool) -> list[str]:
    if form == "jsonl":
        return [encode(event).decode() for event in events if partials or not isinstance(event, PartialEvent)]
    return [f"{prefix}{event.text}" for event in events if isinstance(event, FinalEvent) and event.text]


def _said(work: Work) -> str:
    failed = f", {work.failed} failed" if work.failed else ""
    return f"{work.heard} heard{failed}"


class _Streams:
    """Files of the same name, or with the same beginning of a long one, are still streams of their own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def of_name(self, stem: str) -> str:
        """Of a file's name without its ending."""
        return self.unused(stream_id_of(Path(f"{stem}.x")))

    def unused(self, stream_id: str) -> str:
        """The same, with a number where it is taken."""
        number, unused = self._last.get(stream_id, 1), stream_id
        while unused in self._taken:
            number += 1
            unused = f"{stream_id}_{number}"
        self._taken.add(unused)
        self._last[stream_id] = number
        return unused


def _forms(text: str) -> tuple[str, ...]:
    forms = tuple(dict.fromkeys(text.split(",")))
    for form in forms:
        if form not in SUFFIXES:
            raise argparse.ArgumentTypeError(f"{form!r}: expected {', '.join(SUFFIXES)}, several with commas")
    return forms


def _jobs(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST_JOBS:
        raise argparse.ArgumentTypeError(f"{text}: expected a number of processes, from 1 to {_MOST_JOBS}")
    return int(text)
