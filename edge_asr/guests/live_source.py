"""Audio that comes over the network while it is being said: a bounded queue of samples."""

import threading
from collections import deque
from collections.abc import Iterator

import numpy as np

from edge_asr.audio.chunk import AudioChunk, Samples
from edge_asr.clock import Clock

_WAITING_S = 2.0  # more than that waits at the sender
_CHUNK_S = 0.2  # what is decoded in one turn


class LiveSource:
    """`offer`, `finish` and `give_up` are for one thread, which never waits; `chunks` is the guest's."""

    live = True

    def __init__(self, stream_id: str, sample_rate_hz: int, clock: Clock) -> None:
        self._stream_id = stream_id
        self._rate_hz = sample_rate_hz
        self._clock = clock
        self._changed = threading.Condition()  # guards all that follows
        self._waiting: deque[Samples] = deque()
        self._waiting_samples = 0
        self._newest_ns = 0
        self._finished = False

    def offer(self, samples: Samples) -> bool:
        """Take mono int16 (n,); False when too much waits already: offer it again later."""
        with self._changed:
            if self._waiting_samples >= _WAITING_S * self._rate_hz:
                return False
            self._newest_ns = self._clock.monotonic_ns()
            self._waiting.append(samples)
            self._waiting_samples += len(samples)
            self._changed.notify()
            return True

    def finish(self) -> None:
        """Nothing more comes; what waits is heard."""
        with self._changed:
            self._finished = True
            self._changed.notify()

    def give_up(self) -> None:
        """Nothing more is heard."""
        with self._changed:
            self._finished = True
            self._waiting.clear()
            self._changed.notify()

    def chunks(self) -> Iterator[AudioChunk]:
        """What comes, in chunks of at most 0.2 s, each as soon as it is there."""
        first_sample, most = 0, max(1, round(_CHUNK_S * self._rate_hz))
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._finished)
                if not self._waiting:
                    return
                samples = np.concatenate(self._waiting)
                self._waiting.clear()
                if len(samples) > most:
                    samples, rest = np.split(samples, [most])
                    self._waiting.append(rest)
                self._waiting_samples -= len(samples)
                # the rest was captured after it
                captured_ns = self._newest_ns - round(self._waiting_samples / self._rate_hz * 1e9)
            yield AudioChunk(self._stream_id, first_sample, samples, self._rate_hz, captured_ns)
            first_sample += len(samples)
