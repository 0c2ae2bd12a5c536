"""moonshine-voice at a microphone, in a process of its own: `python -m edge_asr.bench.moonshine_listener SOURCE`.

It is asked by lines on standard input: after `listen` a fresh stream hears the source until `rest`. A fresh stream is
in its favour: the more lines a stream has, the more its Python side does at each update. The sound comes as the bench's
own ear gets it, and is handed over in blocks of 1024 samples, as by its MicTranscriber; what waits while it computes is
not lost. Answers are lines of JSON: `ready`, `listening`, `resting`, `fault`, and what it says as `Saying` has it, with
the moment at which its listener was called: the way to us costs it nothing. It does not tell when it decides that a
line is over, but how long its last transcription of the line took, which it begins then.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from edge_asr.bench.moonshine_peer import as_floats, load_transcriber, own_sample
from edge_asr.bench.recorder import RATE_HZ, recorder
from edge_asr.clock import NS_PER_S

_BLOCK_BYTES = 2 * 1024
_MOST_BYTES = 1 << 16
_KINDS = {"LineStarted": "open", "LineTextChanged": "text", "LineCompleted": "final"}

Answer = Callable[..., None]


class Hearing:
    """One stream of the transcriber at the microphone. What it says goes to `answer`. One thread."""

    def __init__(self, transcriber: Any, answer: Answer) -> None:
        self._stream = transcriber.create_stream()
        self._answer = answer
        self._rest = b""
        self._samples = 0  # that have arrived
        self._begin_ns: int | None = None  # of the first sample
        self._stream.add_listener(self._say)
        self._stream.start()

    def hear(self, data: bytes, now_ns: int) -> None:
        """Take mono s16le that arrived now; a stream that is due transcribes in here."""
        self._rest += data
        self._samples += len(data) // 2
        begin_ns = now_ns - self._samples * NS_PER_S // RATE_HZ
        self._begin_ns = begin_ns if self._begin_ns is None else min(self._begin_ns, begin_ns)
        while len(self._rest) >= _BLOCK_BYTES:
            block, self._rest = self._rest[:_BLOCK_BYTES], self._rest[_BLOCK_BYTES:]
            self._stream.add_audio(as_floats(np.frombuffer(block, "<i2").astype(np.int16)), RATE_HZ)

    def close(self) -> None:
        """End the stream; what it still says is not heard."""
        self._stream.remove_all_listeners()
        self._stream.stop()
        self._stream.close()

    def _say(self, event: Any) -> None:
        at_ns = time.monotonic_ns()
        kind = _KINDS.get(type(event).__name__)
        if kind is None or self._begin_ns is None:
            return
        line = event.line
        self._answer(
            kind=kind,
            at_ns=at_ns,
            segment=str(line.line_id),
            began_ns=self._begin_ns + round(line.start_time * NS_PER_S),
            has_text=bool(line.text.strip()),
            decided_ms=line.last_transcription_latency_ms if kind == "final" else None,
        )


def main(source: str) -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not be taken for an answer

    def answer(**fields: Any) -> None:
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    try:
        transcriber = load_transcriber()
    except (ValueError, OSError) as error:
        answer(fault=str(error))
        return
    transcriber.transcribe_without_streaming(*own_sample())
    answer(ready=True)
    while _command() == "listen":
        with recorder(source) as microphone:
            try:
                _listen(microphone, transcriber, answer)
            finally:
                microphone.kill()  # it would go on writing for a moment
        answer(resting=True)


def _listen(microphone: "subprocess.Popen[bytes]", transcriber: Any, answer: Answer) -> None:
    """Hear until there is a command."""
    assert microphone.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
    sound, commands = microphone.stdout.fileno(), sys.stdin.fileno()
    hearing, silent = Hearing(transcriber, answer), True
    while commands not in (ready := select.select([sound, commands], [], [])[0]):
        data = os.read(ready[0], _MOST_BYTES)
        if not data:
            answer(fault="parec ended in mid-measurement")
            break
        hearing.hear(data, time.monotonic_ns())
        if silent:
            answer(listening=True)
            silent = False
    if commands in ready:
        _command()
    hearing.close()


def _command() -> str:
    """The next line of the input, read without a buffer; empty at its end."""
    line = b""
    while (letter := os.read(sys.stdin.fileno(), 1)) not in (b"", b"\n"):
        line += letter
    return line.decode()


if __name__ == "__main__":
    main(sys.argv[1])
