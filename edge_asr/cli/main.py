"""`edge-asr COMMAND`: the table of commands and the one place that turns an error into a line and an exit code."""

import argparse
import importlib
import io
import os
import signal
import sys
from collections.abc import Sequence

from edge_asr import __version__
from edge_asr.cli.loading import ended_by_ctrl_c
from edge_asr.errors import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, EdgeAsrError
from edge_asr.journal import complain

COMMANDS = {
    "run": "listen to the microphone and publish what is said (the daemon)",
    "demo": "try it here and now; what is missing is stood in for, privately",
    "listen": "show what subscribers receive from the broker, live",
    "transcribe": "turn recordings, and folders of them, into text, subtitles or JSON",
    "commands": "check lists of sentences, try them on recordings, have the daemon read them again",
    "devices": "list the microphones and the names to choose them by",
    "models": "list, pull, verify and remove models",
    "check-config": "read the configuration, say what is wrong with it or print it whole",
    "doctor": "check microphone, sound server, broker, model and machine; each fault with its fix",
    "health": "ask the running daemon whether it is alive, or ready; for containers and scripts",
    "mqtt": "remove this device from the broker and from Home Assistant",
    "bench": "measure accuracy, cost and latency",
}


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """Parser of everything; only `command`'s module is imported, so that `--help` is quick."""
    parser = argparse.ArgumentParser(
        prog="edge-asr",
        description="Streaming speech recognition that lives in the house and speaks MQTT.",
        epilog="Start with `edge-asr doctor`. Each command has a --help of its own.",
    )
    parser.add_argument("--version", action="version", version=f"edge-asr {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if name == command:
            module = importlib.import_module(f"edge_asr.cli.{name.replace('-', '_')}")
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code; a known error becomes one line on standard error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show is no reason to stop
    try:
        code = _command(list(sys.argv[1:] if argv is None else argv))
        if sys.stdout is not None:
            sys.stdout.flush()  # here, and not at the interpreter's end, a fault of it can still be told
    except EdgeAsrError as error:
        complain(f"edge-asr: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _give_up_output()  # the reader of our output has gone; nothing is left to say
        return EXIT_FAILURE
    except OSError as error:  # the system refuses what no file foresaw: a full disk behind `>`, a name too long
        _give_up_output()
        where = "" if error.filename is None else f"{error.filename!r}: "
        complain(f"edge-asr: {where}{error.strerror or error}")
        return EXIT_FAILURE
    return code


def _command(words: Sequence[str]) -> int:
    """Exit code of one command; that of argparse when it had the word."""
    command = next((word for word in words if not word.startswith("-")), None)
    if command == "run":  # what a signal asks of a daemon that loads must not end it: it waits until it is understood
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP))
    try:
        with ended_by_ctrl_c():
            parser = build_parser(command if command in COMMANDS else None)
        args = parser.parse_args(words)
    except SystemExit as done:  # argparse has said its line
        return done.code if isinstance(done.code, int) else EXIT_USAGE
    code: int = args.run(args)
    return code or EXIT_OK


def _give_up_output() -> None:
    """Lead standard output nowhere when it takes no more: the interpreter would stumble over its buffer at the end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
