"""`edge-asr commands test`: recordings through the daemon's own pipeline, that hears nothing but the sentences."""

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_asr.asr.bundle import load_bundle, of_family
from edge_asr.asr.families import load_lexicon
from edge_asr.asr.grammar import Command
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.manifest import KaldiManifest
from edge_asr.asr.result import EndReason
from edge_asr.audio.replay import FileSource
from edge_asr.bench.table import Cell, table
from edge_asr.cli.options import add_config_options, load_config
from edge_asr.clock import SystemClock
from edge_asr.config import Config
from edge_asr.errors import EXIT_FAILURE, EXIT_OK, AudioFileError, ConfigError
from edge_asr.loading import build_pipeline, own_judge
from edge_asr.observation import Observation, Understanding
from edge_asr.sentences.compiled import compile_files
from edge_asr.settings import model_folder

_SUFFIXES = (".wav", ".flac")
_UNKNOWN = "unknown"
_MOST_EXCESS = math.inf  # every sentence is heard, so that its excess can be shown; what counts is decided here


@dataclass(frozen=True, slots=True)
class Expected:
    """What a recording says; without an intent it is none of the sentences."""

    intent: str | None
    slots: dict[str, str]

    def met_by(self, commands: list[Command]) -> bool:
        """Whether that was understood, and nothing else."""
        if self.intent is None or len(commands) != 1:
            return self.intent is None and not commands
        heard = {name: plain(slot.value) for name, slot in commands[0].slots.items()}
        return commands[0].intent == self.intent and heard == self.slots


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sentences, recordings, and what they say."""
    parser.add_argument("recordings", nargs="+", metavar="RECORDING", help="WAV or FLAC, or a folder of them")
    parser.add_argument(
        "--sentences",
        metavar="FILE",
        action="append",
        required=True,
        help="YAML, plain list or folder; may be repeated",
    )
    parser.add_argument(
        "--expect",
        metavar="FILE",
        help='JSON lines that say what each recording means: {"path": "a.wav", "intent": "...", "slots": {...}}',
    )
    parser.add_argument("--quiet", action="store_true", help="only what is wrong, and the sums")
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print what each recording is understood as; exit code 1 when a file is not audio or not what was expected."""
    config = load_config(args)
    expected = read_expected(Path(args.expect)) if args.expect is not None else {}
    recognizer = _recognizer(config, args.sentences)
    seen: list[tuple[Expected, list[Command]]] = []
    failed = False
    for path in _files(args.recordings):
        try:
            commands, why = _heard(path, config, recognizer)
        except AudioFileError as error:
            print(f"edge-asr: {error}", file=sys.stderr)
            failed = True
            continue
        wanted = expected.get(path.resolve())
        right = wanted is None or wanted.met_by(commands)
        if wanted is not None:
            seen.append((wanted, commands))
        if not args.quiet or not right:
            verdict = "" if wanted is None else "right  " if right else "WRONG  "
            print(f"{verdict}{path}: {_told(commands, why)}{'' if right or wanted is None else _wanted(wanted)}")
    if args.expect is not None:
        print(_sums(seen))
    return EXIT_FAILURE if failed or not all(wanted.met_by(commands) for wanted, commands in seen) else EXIT_OK


def read_expected(path: Path) -> dict[Path, Expected]:
    """What recordings mean, by their resolved paths; raises ConfigError."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; expected JSON lines") from error
    found: dict[Path, Expected] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            slots = {str(name): plain(value) for name, value in (entry.get("slots") or {}).items()}
            found[(path.parent / entry["path"]).resolve()] = Expected(entry.get("intent"), slots)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            example = '{"path": "a.wav", "intent": "...", "slots": {}}'
            raise ConfigError(f"{path}:{number}: {line[:60]!r} is not understood; expected {example}") from error
    return found


def plain(value: object) -> str:
    """A value as it is compared."""
    return str(value).strip().casefold()


def _recognizer(config: Config, sentences: list[str]) -> KaldiRecognizer:
    bundle = load_bundle(model_folder(config), config.models.bundle)
    compiled = compile_files(sentences, load_lexicon(bundle), bundle.manifest.language)
    kaldi = of_family(bundle, KaldiManifest)
    alone = KaldiRecognizer(kaldi, threads=config.recognizer.threads, open_speech=False)
    return alone.with_commands(compiled.grammar, _MOST_EXCESS).advised_by(own_judge(config))


def _files(names: list[str]) -> Iterator[Path]:
    for path in map(Path, names):
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.suffix.lower() in _SUFFIXES)
        else:
            yield path


def _heard(path: Path, config: Config, recognizer: KaldiRecognizer) -> tuple[list[Command], str]:
    """Commands that it holds, and why there is none: a judge's reason, or the least excess of what was heard."""
    source = FileSource(path, SystemClock(), channel=config.audio.channel)
    pipeline = build_pipeline(config, recognizer)
    seen: list[Observation] = []
    for chunk in source.chunks():
        seen += pipeline.process(chunk)
    seen += pipeline.end(EndReason.END_OF_INPUT)
    said = [one.command for one in seen if isinstance(one, Understanding) and one.command is not None]
    most = config.commands.most_excess
    refused = [command.excess for command in said if command.excess > most]
    unknown = {one.hypothesis.unknown for one in seen if isinstance(one, Understanding)}
    reasons = sorted(reason for reason in unknown if reason is not None and reason != "other")
    why = ", ".join(reasons) if reasons and not refused else f"excess {min(refused, default=math.inf):.2f}"
    return [command for command in said if command.excess <= most], why


def _told(commands: list[Command], why: str) -> str:
    if not commands:
        return f"{_UNKNOWN} ({why})"
    return "; then ".join(
        " ".join([command.intent, *(f"{name}={slot.value}" for name, slot in command.slots.items())])
        + f" (excess {command.excess:.2f}, confidence {command.confidence:.2f})"
        for command in commands
    )


def _wanted(wanted: Expected) -> str:
    return " expected " + " ".join([wanted.intent or _UNKNOWN, *(f"{a}={b}" for a, b in wanted.slots.items())])


def _sums(seen: list[tuple[Expected, list[Command]]]) -> str:
    """How many were understood wholly, and which intent was taken for which."""
    right = sum(wanted.met_by(commands) for wanted, commands in seen)
    pairs = Counter((wanted.intent or _UNKNOWN, _intent(commands)) for wanted, commands in seen)
    columns = sorted({heard for _, heard in pairs})
    rows: list[list[Cell]] = [
        [wanted, *(pairs[wanted, heard] for heard in columns)] for wanted in sorted({said for said, _ in pairs})
    ]
    slots = sum(wanted.intent == _intent(commands) and not wanted.met_by(commands) for wanted, commands in seen)
    told = f"{right} of {len(seen)} wholly right, {slots} with the right intent and another slot"
    return f"{table(['expected', *columns], rows)}\n{told}" if rows else told


def _intent(commands: list[Command]) -> str:
    if len(commands) > 1:
        return "several"
    return commands[0].intent if commands else _UNKNOWN
