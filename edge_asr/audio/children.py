"""The recorders of this process, those that hang included."""

import threading
from collections.abc import Callable

from edge_asr.audio.channels import Channel
from edge_asr.audio.child_stream import ChildStream, Recorder
from edge_asr.audio.chunk import AudioChunk
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics

_BEGIN_S = 1.0  # in which a program that cannot record says so; a source that sleeps takes up to 2 s
_CLOSE_S = 2.0
_LOOK_S = 0.05
_MAX_LEFT_BEHIND = 3


class Children:
    """All recorders that this process has started and that may still be there. The capture thread's alone."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._left_behind: list[ChildStream] = []

    @property
    def hangs(self) -> bool:
        """Whether one that was closed has not ended: it may still hold the microphone."""
        self._left_behind = [stream for stream in self._left_behind if not stream.gone]
        return bool(self._left_behind)

    def open(
        self,
        recorder: Recorder,
        stream_id: str,
        channel: Channel,
        chunk_ms: int,
        deliver: Callable[[AudioChunk], None],
        wake: Callable[[], None],
        given_up: threading.Event,
    ) -> ChildStream:
        """Start it. Raises CaptureError with its last words when it ends within a second, before the first chunk.

        Once `given_up` is set none is started, and one that has not begun to deliver is ended.
        """
        name = recorder.words[0]
        if given_up.is_set():
            raise CaptureError(f"{name} is not wanted any more")
        if self.hangs and len(self._left_behind) > _MAX_LEFT_BEHIND:
            raise CaptureError(
                f"{name} is not started: {len(self._left_behind)} earlier ones hang in the sound driver and cannot be "
                "killed; unplug the microphone, or restart the machine"
            )
        chunk_samples = recorder.sample_rate_hz * chunk_ms // 1000
        stream = ChildStream(recorder, stream_id, channel, chunk_samples, deliver, self._clock, self._metrics, wake)
        end_ns = self._clock.monotonic_ns() + round(_BEGIN_S * NS_PER_S)
        while not stream.begun.wait(_LOOK_S) and not given_up.is_set() and self._clock.monotonic_ns() < end_ns:
            pass
        if given_up.is_set():
            self.close(stream, _CLOSE_S)
            raise CaptureError(f"{name} is not wanted any more")
        if not stream.active:
            self.close(stream, _CLOSE_S)
            raise CaptureError(stream.why_ended or f"{name} ended at once")
        return stream

    def close(self, stream: ChildStream, deadline_s: float) -> bool:
        """Close; False when it was left behind, counted."""
        if stream.close(deadline_s):
            return True
        self._metrics.close_timeouts.inc()
        self._left_behind.append(stream)
        return False
