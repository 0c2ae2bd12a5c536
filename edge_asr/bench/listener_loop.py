"""The child's side of a measurement at the microphone: hears a source of PulseAudio, answers with what it says when.

It is asked by lines on standard input: after `listen` a fresh stream hears the source until `rest`. Answers are lines
of JSON: `ready`, `listening`, `resting`, `fault`, and what the stream says, as `Saying` has it. The sound comes as the
bench's own ear gets it; what waits while the stream computes is not lost. The loop ends with its input.
"""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable

from edge_asr.bench.child_answers import answering
from edge_asr.bench.peer_stream import Answer, PeerStream
from edge_asr.bench.recorder import recorder

NewStream = Callable[[Answer], PeerStream]
_MOST_BYTES = 1 << 16


def listen(source: str, load: Callable[[], NewStream]) -> None:
    """Load, then hear until the input ends. A ValueError or OSError of `load` becomes the one answer."""
    answer = answering()
    try:
        new_stream = load()
    except (ValueError, OSError) as error:
        answer(fault=str(error))
        return
    answer(ready=True)
    while _command() == "listen":
        with recorder(source) as microphone:
            try:
                _hear(microphone, new_stream(answer), answer)
            finally:
                microphone.kill()  # it would go on writing for a moment
        answer(resting=True)


def _hear(microphone: "subprocess.Popen[bytes]", stream: PeerStream, answer: Answer) -> None:
    """Hear until there is a command."""
    assert microphone.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
    sound, commands, silent = microphone.stdout.fileno(), sys.stdin.fileno(), True
    while commands not in (ready := select.select([sound, commands], [], [])[0]):
        data = os.read(ready[0], _MOST_BYTES)
        if not data:
            answer(fault="parec ended in mid-measurement")
            break
        stream.hear(data, time.monotonic_ns())
        if silent:
            answer(listening=True)
            silent = False
    if commands in ready:
        _command()
    stream.close()


def _command() -> str:
    """The next line of the input, read without a buffer; empty at its end."""
    line = b""
    while (letter := os.read(sys.stdin.fileno(), 1)) not in (b"", b"\n"):
        line += letter
    return line.decode()
