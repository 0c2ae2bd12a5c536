"""pocketsphinx at a microphone, in a process of its own: `python -m edge_asr.bench.pocketsphinx_listener SOURCE`.

As its example for live speech does it, with its defaults: its endpointer hands over what it takes for speech, and says
when that has ended: then it has decided, and the last piece is searched after that.
"""

import sys
import time
from typing import Any

from edge_asr.bench.listener_loop import NewStream, listen
from edge_asr.bench.peer_stream import Answer, PeerStream, Segments
from edge_asr.bench.recorder import RATE_HZ

_SAMPLE_BYTES = 2


class Hearing(PeerStream):
    """One endpointer and the decoder at the microphone."""

    def __init__(self, endpointer: Any, decoder: Any, answer: Answer) -> None:
        super().__init__(answer, endpointer.frame_bytes // _SAMPLE_BYTES)
        self._endpointer = endpointer
        self._decoder = decoder
        self._segments = Segments(self)
        self._speaking = False

    def take(self, block: bytes) -> None:
        """See `PeerStream`."""
        speech, decided_ns = self._endpointer.process(block), time.monotonic_ns()
        if speech is None:
            return
        if not self._speaking:
            self._decoder.start_utt()
            self._speaking = True
            self._segments.opened(self._endpointer.speech_start)
        self._decoder.process_raw(speech)
        if self._endpointer.in_speech:
            self._segments.shows(self._text())
            return
        self._end_utterance()
        self._segments.over(self._text(), decided_ns)

    def close(self) -> None:
        """See `PeerStream`."""
        if self._speaking:
            self._end_utterance()

    def _end_utterance(self) -> None:
        self._decoder.end_utt()
        self._speaking = False

    def _text(self) -> str:
        best = self._decoder.hyp()
        return "" if best is None else str(best.hypstr)


def load() -> NewStream:
    """What makes streams."""
    import pocketsphinx  # noqa: PLC0415 - an extra, loaded late so that this file can be read without it

    decoder = pocketsphinx.Decoder(samprate=float(RATE_HZ), loglevel="FATAL")
    return lambda answer: Hearing(pocketsphinx.Endpointer(sample_rate=RATE_HZ), decoder, answer)


if __name__ == "__main__":
    listen(sys.argv[1], load)
