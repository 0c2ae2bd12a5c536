"""vosk at a microphone, in a process of its own: `python -m edge_asr.bench.vosk_listener SOURCE MODEL-FOLDER`.

As its example for microphones does it, with its defaults and its own endpoints: each block is handed over, then either
the result of an utterance that is over is taken, or the text so far. Blocks have 0.1 s, in its favour: the example's
have half a second. That an utterance is over it finds in the call that takes a block, so that is when it decided. Words
are asked for with their times, to know where an utterance began.
"""

import json
import sys
import time
from typing import Any

from edge_asr.bench.listener_loop import NewStream, listen
from edge_asr.bench.peer_stream import Answer, PeerStream, Segments
from edge_asr.bench.recorder import RATE_HZ

_BLOCK_SAMPLES = RATE_HZ // 10


class Hearing(PeerStream):
    """One recognizer at the microphone."""

    def __init__(self, recognizer: Any, answer: Answer) -> None:
        super().__init__(answer, _BLOCK_SAMPLES)
        self._recognizer = recognizer
        self._recognizer.SetWords(True)
        self._segments = Segments(self)

    def take(self, block: bytes) -> None:
        """See `PeerStream`."""
        began_ns = time.monotonic_ns()
        if not self._recognizer.AcceptWaveform(block):
            self._segments.shows(json.loads(self._recognizer.PartialResult())["partial"])
            return
        result = json.loads(self._recognizer.Result())
        words = result.get("result")
        self._segments.over(result["text"], began_ns, words[0]["start"] if words else None)

    def close(self) -> None:
        """See `PeerStream`."""


def load(folder: str) -> NewStream:
    """What makes streams."""
    import vosk  # noqa: PLC0415 - an extra, loaded late so that this file can be read without it

    vosk.SetLogLevel(-1)
    model = vosk.Model(folder)
    return lambda answer: Hearing(vosk.KaldiRecognizer(model, RATE_HZ), answer)


if __name__ == "__main__":
    listen(sys.argv[1], lambda: load(sys.argv[2]))
