"""What a page says of `edge-asr` and of `make`, held to the parser and the Makefile."""

import argparse
import contextlib
import io
import re
import shlex
from functools import cache

from edge_asr.cli.main import COMMANDS, build_parser
from edge_asr.errors import ConfigError
from edge_asr.settings import load
from tests.docs.page import Command, Page, commands_of
from tests.small_debian import ROOT

# A word in capitals stands for something, and so does `...`; options in brackets may be left out.
_STANDS_FOR = re.compile(r"\.\.\.|…")
_OPEN_ENDED = "the following arguments are required"  # of a command that prose only names
_OPTION = re.compile(r"--[a-z][a-z-]*")
_MAKE_ARGUMENTS = {"run": "demo", "bench": "bench"}


def faults_of_commands(page: Page) -> list[str]:
    """What its blocks and its prose say of our commands that is not so."""
    faults = [fault for command in page.commands() for fault in _faults(command, whole=True)]
    for span in page.spans:
        if span.split()[0] in {"edge-asr", "make", "sudo"} or "localhost/edge-asr" in span:
            for each in _alternatives(span):
                faults += [fault for command in commands_of(each) for fault in _faults(command, whole=False)]
        elif span.startswith("bench "):
            found = commands_of(f"edge-asr {span}")
            faults += [fault for command in found for fault in _faults(command, whole=False)]
        elif span.startswith("--") and not set(_OPTION.findall(span)) <= all_options() | foreign_options(page):
            faults.append(f"{span}: no command has it")
    return faults


def edge_asr_words(command: Command) -> list[str] | None:
    """What follows `edge-asr`, also in a container; None where it is another program's command."""
    words = list(command.words)
    if words[0] in {"docker", "podman"}:
        for index, word in enumerate(words[1:], 1):
            if word.startswith("localhost/edge-asr"):
                rest = words[index + 1 :]
                return ["models", *rest] if word.endswith(":models") else rest or ["run"]
        words = words[words.index("edge-asr") :] if "edge-asr" in words else words
    return words[1:] if words[0] == "edge-asr" else None


@cache
def targets() -> frozenset[str]:
    """Of the Makefile."""
    return frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@cache
def all_options() -> frozenset[str]:
    """Of every command."""
    options: set[str] = set()
    for command in COMMANDS:
        options |= _options(build_parser(command))
    return frozenset(options)


def foreign_options(page: Page) -> frozenset[str]:
    """Options of container engines, on their page alone."""
    engine = {"--device", "--device-cgroup-rule", "--group-add", "--user", "--userns", "--security-opt", "--tmpfs"}
    return frozenset(engine | {"--profile", "--cap-drop"}) if page.name == "docs/containers.md" else frozenset()


def _options(parser: argparse.ArgumentParser) -> set[str]:
    found: set[str] = set()
    for action in parser._actions:
        found |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                found |= _options(sub)
    return found


def _faults(command: Command, *, whole: bool) -> list[str]:
    words = edge_asr_words(command)
    if words is not None:
        environment = [name for name in (*command.variables, *command.words) if name.startswith("EDGE_ASR__")]
        return _faults_of_edge_asr(words, dict(each.split("=", 1) for each in environment), whole=whole)
    if command.words[0] == "make":
        return _faults_of_make([*command.variables, *command.words[1:]], whole=whole)
    return []


def _faults_of_make(words: list[str], *, whole: bool) -> list[str]:
    variables = dict(word.split("=", 1) for word in words if "=" in word)
    named = [word for word in words if "=" not in word]
    text = (ROOT / "Makefile").read_text() + (ROOT / "docker" / "build.sh").read_text()
    faults = [f"make {name}: no such target" for name in named if name not in targets()]
    faults += [f"make: {name} is no variable of it" for name in variables if not re.search(rf"\b{name}\b", text)]
    for name in named:
        if "ARGS" in variables and name in _MAKE_ARGUMENTS:
            said = [_MAKE_ARGUMENTS[name], *shlex.split(variables["ARGS"])]
            faults += _faults_of_edge_asr(said, {}, whole=whole)
    return faults


def _faults_of_edge_asr(words: list[str], environment: dict[str, str], *, whole: bool) -> list[str]:
    said = " ".join(["edge-asr", *words])
    words = [word for word in words if not _STANDS_FOR.fullmatch(word)]
    words = [_STANDS_FOR.sub("", word) for word in words]
    if not words:
        return []
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint), contextlib.redirect_stdout(io.StringIO()):
            args = build_parser(words[0] if words[0] in COMMANDS else None).parse_args(words)
        load("/dev/null", getattr(args, "overrides", []), environment)
    except SystemExit as end:
        why = complaint.getvalue().strip().splitlines()[-1:] or [""]
        if end.code != 0 and (whole or _OPEN_ENDED not in why[0]):
            return [f"{said}: {why[0]}"]
    except ConfigError as error:
        return [f"{said}: {error}"]
    return []


def _alternatives(span: str) -> list[str]:
    """`models list / pull` are two commands; `health [--ready]` is one with all that may be left out."""
    span = span.replace("[", "").replace("]", "")
    first, *others = span.split(" / ")
    return [first, *(" ".join([*first.split()[:-1], other]) for other in others)]
