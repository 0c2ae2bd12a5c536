"""The process that is watched: a capture as the daemon has it, that says twenty times a second how it is.

python -m tests.ears.listener SOURCE BACKEND; a line of JSON for each beat.
"""

import json
import signal
import sys
import threading
import time
from pathlib import Path

from edge_asr.audio.capture import Capture
from edge_asr.audio.ring import Ring
from edge_asr.clock import SystemClock
from edge_asr.config import AudioConfig
from edge_asr.metrics import Metrics

_BEAT_S = 0.05
_STOP_S = 5.0


class Hearing:
    """What arrives, taken from the ring as the recognizer would."""

    def __init__(self, ring: Ring) -> None:
        self.stream_id = ""
        self.chunk_ns = self.sound_ns = 0
        self._ring = ring
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            chunk = self._ring.pop(1.0)
            if chunk is None:
                continue
            self.stream_id, self.chunk_ns = chunk.stream_id, chunk.captured_ns
            if chunk.samples.any():
                self.sound_ns = chunk.captured_ns


def main() -> None:
    source, backend = sys.argv[1:]
    metrics, stop = Metrics(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    ring = Ring(10.0, metrics)
    config = AudioConfig(source=source, backend=backend)  # type: ignore[arg-type]
    capture = Capture(config, ring, SystemClock(), metrics, lambda _: None)
    hearing = Hearing(ring)
    capture.start()
    while not stop.wait(_BEAT_S):
        state = capture.state
        beat = {
            "at_ns": time.monotonic_ns(),
            "status": state.status,
            "reason": state.reason,
            "stream_id": hearing.stream_id,
            "chunk_ns": hearing.chunk_ns,
            "sound_ns": hearing.sound_ns,
            "fed": capture.healthy_or_backing_off,
            "threads": threading.active_count(),
            "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        }
        sys.stdout.write(json.dumps(beat) + "\n")
        sys.stdout.flush()
    capture.stop(_STOP_S)


if __name__ == "__main__":
    main()
