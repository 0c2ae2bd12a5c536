"""The end of capture is told whatever hangs then."""

import threading
from collections.abc import Callable

import pytest

from edge_asr.audio.capture import Capture
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.devices import Microphone
from edge_asr.audio.ring import Ring
from edge_asr.audio.source import CaptureState
from edge_asr.clock import SystemClock
from edge_asr.config import AudioConfig
from edge_asr.metrics import Metrics
from tests.audio.microphones import FakeOpener, FakeStream
from tests.waiting import wait_until


class HangingOpener(FakeOpener):
    """A sound system that does not return from what is named."""

    def __init__(self, where: str) -> None:
        super().__init__(SystemClock())
        self.hanging, self.release = threading.Event(), threading.Event()
        self._where = where

    def hang(self, where: str) -> None:
        if where == self._where:
            self.hanging.set()
            self.release.wait(20.0)

    def open(self, microphone: Microphone, stream_id: str, deliver: Callable[[AudioChunk], None]) -> FakeStream:
        self.hang("open")
        stream = super().open(microphone, stream_id, deliver)
        close = stream.close

        def slow(deadline_s: float) -> None:
            self.hang("close")
            close(deadline_s)

        stream.close = slow  # type: ignore[method-assign]
        return stream


@pytest.mark.parametrize("where", ["open", "close"])
def test_what_hangs_at_the_end_does_not_leave_a_listening_state_behind(where: str) -> None:
    opener, states, metrics = HangingOpener(where), list[CaptureState](), Metrics()
    capture = Capture(AudioConfig(), Ring(10.0, metrics), SystemClock(), metrics, states.append, opener=opener)
    capture.start()
    if where == "close":
        wait_until(lambda: opener.streams, 5.0, "open")
        opener.streams[0].chunk()
        wait_until(lambda: capture.state.status == "healthy", 5.0, "healthy")
    else:
        assert opener.hanging.wait(5.0)
    capture.stop(0.1)
    assert states[-1].status == "stopped"
    opener.release.set()
    wait_until(lambda: opener.stopped, 5.0, "the end of the thread")
    assert [state.status for state in states].count("stopped") == 1
    assert states[-1].status == "stopped"  # nor is anything said after it
    assert all(stream.closed_within_s is not None for stream in opener.streams)
