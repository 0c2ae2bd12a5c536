"""moonshine-voice at a microphone, in a process of its own: `python -m edge_asr.bench.moonshine_listener SOURCE`.

Each time it is to listen it has a fresh stream, which is in its favour: the more lines a stream has, the more its
Python side does at each update. Sound is handed over in blocks of 1024 samples, as by its MicTranscriber. It does not
tell when it decides that a line is over, but how long its last transcription of the line took, which it begins then.
"""

import sys
from typing import Any

import numpy as np

from edge_asr.bench.listener_loop import NewStream, listen
from edge_asr.bench.moonshine_peer import as_floats, load_transcriber, own_sample
from edge_asr.bench.peer_stream import Answer, PeerStream
from edge_asr.bench.recorder import RATE_HZ

_BLOCK_SAMPLES = 1024


class Hearing(PeerStream):
    """One stream of the transcriber at the microphone; a block after which it is due is transcribed with it."""

    def __init__(self, transcriber: Any, answer: Answer) -> None:
        super().__init__(answer, _BLOCK_SAMPLES)
        self._stream = transcriber.create_stream()
        self._stream.add_listener(self._heard)
        self._stream.start()

    def take(self, block: bytes) -> None:
        """See `PeerStream`."""
        self._stream.add_audio(as_floats(np.frombuffer(block, "<i2").astype(np.int16)), RATE_HZ)

    def close(self) -> None:
        """See `PeerStream`."""
        self._stream.remove_all_listeners()
        self._stream.stop()
        self._stream.close()

    def _heard(self, event: Any) -> None:
        kind, line = type(event).__name__, event.line
        segment, has_text = str(line.line_id), bool(line.text.strip())
        if kind == "LineStarted":
            self.say("open", segment, line.start_time, has_text=has_text)
        elif kind == "LineTextChanged":
            self.say("text", segment, line.start_time, has_text=has_text)
        elif kind == "LineCompleted":
            took_ms = line.last_transcription_latency_ms
            self.say("final", segment, line.start_time, has_text=has_text, decided_ms=took_ms)


def load() -> NewStream:
    """What makes streams. Raises ValueError when its model is not there."""
    transcriber = load_transcriber()
    transcriber.transcribe_without_streaming(*own_sample())
    return lambda answer: Hearing(transcriber, answer)


if __name__ == "__main__":
    listen(sys.argv[1], load)
