"""A process that hears recordings: `python -m edge_asr.batch.worker`, started by the command line alone.

It loads the models once, then takes a recording a line from standard input and answers on standard output, until the
input ends. Nothing of it touches a disk: what is heard goes back to whoever asked.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from edge_asr.audio.container_file import open_recording
from edge_asr.batch.ear import Ear, load_ear
from edge_asr.batch.messages import Begin, Hear, Outcome, Progress, Ready, Refused, as_line, read_line
from edge_asr.clock import NS_PER_S, Clock, SystemClock
from edge_asr.config import Config
from edge_asr.errors import AudioFileError, EdgeAsrError
from edge_asr.events import Event, PartialEvent

_TELL_NS = NS_PER_S // 4

Tell = Callable[[msgspec.Struct], None]


class _Warnings(logging.Handler):
    """Keeps what is logged as a warning: the processes would all say it, and it is to be said once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self._lines.append(" ".join(record.getMessage().split()))

    def taken(self) -> list[str]:
        """Lines since the last time."""
        lines, self._lines = self._lines, []
        return lines


def serve(load: Callable[[Config, Clock], Ear], questions: BinaryIO, tell: Tell, clock: Clock) -> None:
    """Load, then answer until the questions end."""
    begin = read_line(questions.readline(), Begin)
    warnings = _Warnings()
    logging.getLogger().addHandler(warnings)
    try:
        ear = load(begin.config, clock)
    except EdgeAsrError as error:
        tell(Refused(str(error), error.exit_code))
        return
    tell(Ready(warnings.taken()))
    for line in questions:
        hear = read_line(line, Hear)
        outcome = _outcome(ear, hear, begin, tell, clock)
        tell(msgspec.structs.replace(outcome, warning="; ".join(filter(None, [outcome.warning, *warnings.taken()]))))


def _outcome(ear: Ear, hear: Hear, begin: Begin, tell: Tell, clock: Clock) -> Outcome:
    try:
        source = open_recording(Path(hear.path), clock, begin.config.audio.channel)
        source.stream_id = hear.stream_id
        events: list[Event] = []
        end_s, told_ns = 0.0, clock.monotonic_ns()
        for end_s, some in ear.hear(source):
            events += _wanted(some, partials=begin.partials)
            if clock.monotonic_ns() - told_ns >= _TELL_NS:
                told_ns = clock.monotonic_ns()
                tell(Progress(end_s))
    except AudioFileError as error:
        return Outcome(error=str(error))
    except EdgeAsrError as error:
        return Outcome(error=f"'{hear.path}': {error}")
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - a worker's edge: one recording must not cost the others
        return Outcome(error=f"'{hear.path}' could not be heard ({type(error).__name__}: {error}); the others go on")
    return Outcome(events, end_s, ear.language, source.warning)


def _wanted(events: list[Event], *, partials: bool) -> Iterator[Event]:
    return (event for event in events if partials or not isinstance(event, PartialEvent))


def main(load: Callable[[Config, Clock], Ear] = load_ear) -> None:
    """Serve the process that has started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever has started us, who ends us in its own order
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not be taken for an answer

    def tell(message: Any) -> None:
        answers.write(as_line(message))
        answers.flush()

    try:
        serve(load, sys.stdin.buffer, tell, SystemClock())
    except BrokenPipeError:  # nobody waits for an answer any more
        os._exit(0)


if __name__ == "__main__":
    main()
