"""The bounded wait between the callback thread and the recognizer's worker."""

import threading
from collections import deque

from edge_asr.audio.chunk import AudioChunk
from edge_asr.clock import NS_PER_S
from edge_asr.metrics import Metrics


class Ring:
    """Chunks in order, at most `capacity_s` seconds of them; one writer, one reader, any threads.

    A loss is never told apart: the reader sees it as a chunk whose `first_sample` is not the expected one, and
    `audio_dropped_seconds` counts it.
    """

    def __init__(self, capacity_s: float, metrics: Metrics) -> None:
        self._capacity_ns = round(capacity_s * NS_PER_S)
        self._lag = metrics.audio_dropped_seconds.labels(reason="lag")
        self._late = metrics.audio_dropped_seconds.labels(reason="shutdown")
        self._full = metrics.audio_dropped_seconds.labels(reason="ring_full")
        self._chunks: deque[AudioChunk] = deque()
        self._depth_ns = 0  # integers: sums of seconds would drift
        self._closed = False
        self._changed = threading.Condition(threading.Lock())
        metrics.ring_seconds.set_function(lambda: self.depth_s)  # asked when it is read: true after a flush too

    @property
    def depth_s(self) -> float:
        """Seconds of audio that wait."""
        with self._changed:
            return self._depth_ns / NS_PER_S

    def push(self, chunk: AudioChunk) -> None:
        """Add the newest chunk; when it does not fit, the oldest ones go. After `close` it is lost, and counted."""
        with self._changed:
            if self._closed:
                self._late.inc(_duration_ns(chunk) / NS_PER_S)
                return
            self._chunks.append(chunk)
            self._depth_ns += _duration_ns(chunk)
            dropped_ns = self._drop_down_to(self._capacity_ns)
            self._changed.notify()
        if dropped_ns:
            self._full.inc(dropped_ns / NS_PER_S)

    def pop(self, wait_s: float) -> AudioChunk | None:
        """Oldest chunk; None when there is none within `wait_s`, or none ever again (closed and drained)."""
        with self._changed:
            if not self._chunks and not self._closed:
                self._changed.wait_for(lambda: self._chunks or self._closed, wait_s)
            if not self._chunks:
                return None
            chunk = self._chunks.popleft()
            self._depth_ns -= _duration_ns(chunk)
            return chunk

    def flush_to_newest(self, keep_s: float) -> float:
        """Drop the oldest until at most `keep_s` is left, but never the newest chunk. Returns the seconds dropped."""
        with self._changed:
            dropped_s = self._drop_down_to(round(keep_s * NS_PER_S)) / NS_PER_S
        if dropped_s:
            self._lag.inc(dropped_s)
        return dropped_s

    def drain(self) -> float:
        """Take out all that waits, for whoever counts it. Returns its seconds."""
        with self._changed:
            taken_s, self._depth_ns = self._depth_ns / NS_PER_S, 0
            self._chunks.clear()
            return taken_s

    def close(self) -> None:
        """No more chunks come: wake the reader, who drains what is left."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _drop_down_to(self, depth_ns: int) -> int:
        """Drop the oldest chunks, all but one if need be; nanoseconds dropped. The lock is held."""
        before_ns = self._depth_ns
        while self._depth_ns > depth_ns and len(self._chunks) > 1:
            self._depth_ns -= _duration_ns(self._chunks.popleft())
        return before_ns - self._depth_ns


def _duration_ns(chunk: AudioChunk) -> int:
    return len(chunk.samples) * NS_PER_S // chunk.sample_rate_hz
