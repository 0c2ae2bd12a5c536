"""A capture that is stepped by hand, with a sound system of plain objects and a clock that is moved by hand."""

from collections.abc import Callable

from edge_asr.audio.capture import Capture
from edge_asr.audio.level_meter import Level, LevelMeter
from edge_asr.audio.ring import Ring
from edge_asr.audio.source import CaptureState
from edge_asr.config import AudioConfig
from edge_asr.metrics import Metrics
from tests.audio.microphones import FakeOpener, FakeStream
from tests.fakes import HandClock

CONFIG = AudioConfig(source="usb_mic", no_chunk_timeout_s=3.0, reopen_min_s=0.5, reopen_max_s=10.0)


class Room:
    """A capture that is stepped by hand."""

    def __init__(self, *on_level: Callable[[Level], None]) -> None:
        self.clock = HandClock()
        self.metrics = Metrics()
        self.ring = Ring(10.0, self.metrics)
        self.opener = FakeOpener(self.clock)
        self.states: list[CaptureState] = []
        meter, say = LevelMeter(0.02, self._measured, *on_level), self.states.append
        self.capture = Capture(CONFIG, self.ring, self.clock, self.metrics, say, meters=[meter], opener=self.opener)

    def _measured(self, level: Level) -> None:
        self.metrics.level_dbfs.set(level.rms_dbfs)  # as the daemon does, each second

    @property
    def stream(self) -> FakeStream:
        return self.opener.streams[-1]

    @property
    def status(self) -> str:
        return str(self.capture.state.status)

    def watchdog_is_fed(self) -> bool:
        return self.capture.healthy_or_backing_off

    @property
    def statuses(self) -> list[str]:
        return [state.status for state in self.states]

    def healthy(self) -> None:
        self.capture.step()
        self.stream.chunk()
        self.capture.step()
        assert self.status == "healthy"

    def run_for(self, seconds: float) -> None:
        """Step as the thread would, nothing waking it."""
        end_ns = self.clock.ns + round(seconds * 1e9)
        while self.clock.ns < end_ns:
            self.clock.advance_s(max(self.capture.step(), 0.001))

    def until_open(self) -> float:
        """Step until a stream is open; seconds that it took."""
        began_ns = self.clock.ns
        while not self.opener.streams or self.stream.closed_within_s is not None:
            self.clock.advance_s(0.01)
            self.capture.step()
        return (self.clock.ns - began_ns) / 1e9

    def reopened(self, reason: str) -> float:
        return self.metrics.registry.get_sample_value("edge_asr_capture_reopened_total", {"reason": reason}) or 0.0

    def level(self) -> float:
        return self.metrics.registry.get_sample_value("edge_asr_level_dbfs") or 0.0

    def gauge(self) -> float | None:
        return self.metrics.registry.get_sample_value("edge_asr_capture_healthy")
