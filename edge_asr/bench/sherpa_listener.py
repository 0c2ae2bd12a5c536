"""sherpa-onnx at a microphone, in a process of its own: `python -m edge_asr.bench.sherpa_listener SOURCE OPTIONS`.

The files of our own bundle, one thread; OPTIONS as JSON, see `SherpaOptions`. As its example with endpoints does it:
blocks of 0.1 s, then what can be decoded is, and it is asked for its text and whether an utterance is over, by its
default rules. That it finds in the call that takes a block, so that is when it decided; an utterance begins where the
one before was over.
"""

import sys
import time
from typing import Any

import msgspec
import numpy as np

from edge_asr.bench.listener_loop import NewStream, listen
from edge_asr.bench.peer_stream import Answer, PeerStream, Segments
from edge_asr.bench.recorder import RATE_HZ
from edge_asr.bench.sherpa_decoder import FULL_SCALE, SherpaOptions, load_recognizer

_BLOCK_SAMPLES = RATE_HZ // 10


class Hearing(PeerStream):
    """One stream of the recognizer at the microphone."""

    def __init__(self, recognizer: Any, answer: Answer) -> None:
        super().__init__(answer, _BLOCK_SAMPLES)
        self._recognizer = recognizer
        self._stream = recognizer.create_stream()
        self._segments = Segments(self)

    def take(self, block: bytes) -> None:
        """See `PeerStream`."""
        began_ns = time.monotonic_ns()
        self._stream.accept_waveform(RATE_HZ, np.frombuffer(block, "<i2") / FULL_SCALE)
        while self._recognizer.is_ready(self._stream):
            self._recognizer.decode_stream(self._stream)
        text = self._recognizer.get_result(self._stream).strip()
        if self._recognizer.is_endpoint(self._stream):
            self._segments.over(text, began_ns)
            self._recognizer.reset(self._stream)
        else:
            self._segments.shows(text)

    def close(self) -> None:
        """See `PeerStream`."""


def load(options: SherpaOptions) -> NewStream:
    """What makes streams."""
    recognizer = load_recognizer(options)
    return lambda answer: Hearing(recognizer, answer)


if __name__ == "__main__":
    listen(sys.argv[1], lambda: load(msgspec.json.decode(sys.argv[2], type=SherpaOptions)))
