"""A sound system made of plain objects, for capture's decisions."""

from collections.abc import Callable

import numpy as np

from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.devices import Microphone
from edge_asr.clock import Clock
from edge_asr.errors import CaptureError

USB_MIC = Microphone("pulse", "usb_mic", "Virtual_USB_Mic", "pulse:usb_mic", 16000, 1)


class FakeStream:
    def __init__(self, stream_id: str, deliver: Callable[[AudioChunk], None], clock: Clock) -> None:
        self.stream_id = stream_id
        self.active = True
        self.why_ended = ""
        self.last_chunk_ns: int | None = None
        self.other_source: str | None = None
        self.asked = 0
        self.closed_within_s: float | None = None
        self.close_error: CaptureError | None = None
        self.volume: int | None = 100
        self.gain_fault: CaptureError | None = None
        self._deliver = deliver
        self._clock = clock

    def chunk(self, value: int | None = None) -> None:
        """The device delivers: a hiss, or one value only."""
        self.last_chunk_ns = self._clock.monotonic_ns()
        samples = np.tile(np.array([1, -1], np.int16), 160) if value is None else np.full(320, value, np.int16)
        self._deliver(AudioChunk(self.stream_id, 0, samples, 16000, self.last_chunk_ns))

    def moved_to(self) -> str | None:
        self.asked += 1
        return self.other_source

    def gain(self) -> int | None:
        return self.volume

    def set_gain(self, percent: int) -> int:
        if self.gain_fault is not None:
            raise self.gain_fault
        self.volume = min(percent, 120)  # it can no more
        return self.volume

    def close(self, deadline_s: float) -> None:
        self.closed_within_s = deadline_s
        if self.close_error is not None:
            raise self.close_error


class FakeOpener:
    def __init__(self, clock: Clock) -> None:
        self.fault: Exception | None = None
        self.streams: list[FakeStream] = []
        self.attempts = 0
        self.given_up = self.started = self.stopped = self.hangs = False
        self._clock = clock

    def start(self, on_change: Callable[[bool], None]) -> None:
        assert callable(on_change)
        self.started = True

    def stop(self) -> None:
        self.stopped = True

    def let_pass(self) -> None:
        """It keeps nothing."""

    def choose(self) -> Microphone:
        self.attempts += 1
        if self.fault is not None:
            raise self.fault
        return USB_MIC

    def give_up(self) -> None:
        self.given_up = True

    def open(self, microphone: Microphone, stream_id: str, deliver: Callable[[AudioChunk], None]) -> FakeStream:
        assert microphone == USB_MIC
        self.streams.append(FakeStream(stream_id, deliver, self._clock))
        return self.streams[-1]
