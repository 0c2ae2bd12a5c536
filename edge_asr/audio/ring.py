"""The bounded wait between the callback thread and the recognizer's worker."""

import threading
from collections import deque

from edge_asr.audio.chunk import AudioChunk
from edge_asr.metrics import Metrics


class Ring:
    """Chunks in order, at most `capacity_s` seconds of them; one writer, one reader, any threads.

    A loss is never told apart: the reader sees it as a chunk whose `first_sample` is not the expected one, and
    `audio_dropped_seconds` counts it.
    """

    def __init__(self, capacity_s: float, metrics: Metrics) -> None:
        self._capacity_s = capacity_s
        self._lag = metrics.audio_dropped_seconds.labels(reason="lag")
        self._full = metrics.audio_dropped_seconds.labels(reason="ring_full")
        self._gauge = metrics.ring_seconds
        self._chunks: deque[AudioChunk] = deque()
        self._depth_s = 0.0
        self._closed = False
        self._changed = threading.Condition(threading.Lock())

    @property
    def depth_s(self) -> float:
        """Seconds of audio that wait."""
        with self._changed:
            return self._depth_s

    def push(self, chunk: AudioChunk) -> None:
        """Add the newest chunk; when it does not fit, the oldest ones go. After `close` it is not taken."""
        with self._changed:
            if self._closed:
                return
            self._chunks.append(chunk)
            self._depth_s += _seconds(chunk)
            dropped_s = 0.0
            while self._depth_s > self._capacity_s and len(self._chunks) > 1:
                dropped_s += self._drop_oldest()
            depth_s = self._depth_s
            self._changed.notify()
        self._gauge.set(depth_s)
        if dropped_s:
            self._full.inc(dropped_s)

    def pop(self, wait_s: float) -> AudioChunk | None:
        """Oldest chunk; None when there is none within `wait_s`, or none ever again (closed and drained)."""
        with self._changed:
            if not self._chunks and not self._closed:
                self._changed.wait_for(lambda: self._chunks or self._closed, wait_s)
            if not self._chunks:
                return None
            chunk = self._chunks[0]
            self._drop_oldest()
            depth_s = self._depth_s
        self._gauge.set(depth_s)
        return chunk

    def flush_to_newest(self, keep_s: float) -> float:
        """Drop the oldest until at most `keep_s` is left, but never the newest chunk. Returns the seconds dropped."""
        dropped_s = 0.0
        with self._changed:
            while self._depth_s > keep_s and len(self._chunks) > 1:
                dropped_s += self._drop_oldest()
        if dropped_s:
            self._lag.inc(dropped_s)
        return dropped_s

    def close(self) -> None:
        """No more chunks come: wake the reader, who drains what is left."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _drop_oldest(self) -> float:
        seconds = _seconds(self._chunks.popleft())
        # Sums of floats drift; an empty ring is the moment to be exact again.
        self._depth_s = self._depth_s - seconds if self._chunks else 0.0
        return seconds


def _seconds(chunk: AudioChunk) -> float:
    return len(chunk.samples) / chunk.sample_rate_hz
