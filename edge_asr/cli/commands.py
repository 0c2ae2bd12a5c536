"""`edge-asr commands`: check lists of sentences, try them on recordings, have the daemon read them again."""

import argparse
import time

from edge_asr.app import house_names
from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.families import load_lexicon
from edge_asr.asr.kaldi.grammar_graph import grammar_graph
from edge_asr.cli import commands_reload, commands_test
from edge_asr.cli.options import add_config_options
from edge_asr.clock import SystemClock
from edge_asr.config import Config
from edge_asr.errors import EXIT_OK
from edge_asr.metrics import Metrics
from edge_asr.sentences.ambiguity import Ambiguity, Meant, ambiguities
from edge_asr.sentences.compiled import compile_definitions
from edge_asr.sentences.files import read_files
from edge_asr.sentences.sayable_names import MoreLists
from edge_asr.sentences.wake_begins import sentences_begun
from edge_asr.settings import load, model_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Subcommands of `commands`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    checking = actions.add_parser("check", help="what can be said, what has two meanings, what is never used")
    checking.add_argument("files", nargs="+", metavar="FILE", help="YAML, a plain list, or a folder of them")
    add_config_options(checking)
    checking.set_defaults(do=_check)
    testing = actions.add_parser("test", help="what recordings are understood as")
    commands_test.add_arguments(testing)
    testing.set_defaults(do=commands_test.run)
    reloading = actions.add_parser("reload", help="ask the running daemon to read its sentences again")
    commands_reload.add_arguments(reloading)
    reloading.set_defaults(do=commands_reload.run)


def run(args: argparse.Namespace) -> int:
    """Do what was asked for; raises SentencesError and ModelError."""
    code: int = args.do(args)
    return code


def _check(args: argparse.Namespace) -> int:
    # The files stand where those of the configuration do, so that a wake phrase is before sentences.
    config = load(args.config, [f"commands.sentences={args.files[0]}", *args.overrides])
    bundle = load_bundle(model_folder(config), config.models.bundle)
    lexicon = load_lexicon(bundle)
    begun_s = time.perf_counter()
    compiled = compile_definitions(
        read_files(args.files, bundle.manifest.language),
        lexicon,
        bundle.manifest.language,
        names=_names(config),
        wake_phrase=config.commands.wake_phrase,
    )
    read_s = time.perf_counter()
    states = grammar_graph(compiled.grammar, lexicon).states
    done_s = time.perf_counter()
    print(
        f"{compiled.templates} sentences of {_many(compiled.intents, 'intent')} can be said in "
        f"{_many(compiled.expansions, 'way')}, in {_many(compiled.words, 'word')}, all known to the model "
        f"{bundle.manifest.name!r}"
    )
    if compiled.wake_ways:
        print(f"wake phrase: {_many(compiled.wake_ways, 'way')} to say it")
    print(
        f"graph of {_many(states, 'state')}: read in {read_s - begun_s:.2f} s, put together in {done_s - read_s:.2f} s"
    )
    if compiled.left_out:
        print(f"left out, nobody knows how these names of the house sound: {', '.join(compiled.left_out)}")
    for doubt in compiled.doubts:
        print(f"doubt: {doubt}")
    found, whole = ambiguities(compiled.grammar)
    for one in found:
        print(f"ambiguous: {one.text!r} means {meaning(one.first)}, and also {meaning(one.second)}{_chance(one)}")
    begun = sentences_begun(compiled.grammar) if compiled.wake_ways else []
    for phrase, sentence in begun:
        print(
            f"ambiguous: the wake phrase {phrase!r} is also how {sentence!r} begins: with a pause behind it, it wakes, "
            "and without one it is no wake phrase before the sentence"
        )
    if not whole:
        print("more sentences may be ambiguous: there are too many to look at all")
    if not (compiled.doubts or found or begun) and whole:
        print("every sentence has one meaning, and everything defined is used")
    return EXIT_OK


def _names(config: Config) -> MoreLists:
    """Names of the house as a daemon of this user was told them last; empty lists where none was."""
    names = house_names(config, SystemClock(), Metrics())
    return {} if names is None else names.current.lists()


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def meaning(meant: Meant) -> str:
    """A command, or the phrase that wakes, on one line."""
    command = meant.command
    parts = ["the wake phrase"] if meant.wakes else []
    if command is not None:
        slots = (f"{name}={slot.value}" for name, slot in command.slots.items())
        parts.append(" ".join([command.intent, *slots]))
    return " and ".join(parts)


def _chance(one: Ambiguity) -> str:
    """What follows where only one of the two wakes."""
    if one.first.wakes == one.second.wakes:
        return ""
    return ": either may be heard, and what is not the wake phrase does not count without it"
