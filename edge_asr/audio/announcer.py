"""What capture says of itself: each state once, to the metrics and to whoever listens, and nothing after the end."""

import threading
from collections.abc import Callable

from edge_asr.audio.source import CaptureState
from edge_asr.metrics import Metrics


class Announcer:
    """Any thread. `on_state` is called in the thread that says it, one at a time."""

    def __init__(self, first: CaptureState, metrics: Metrics, on_state: Callable[[CaptureState], None]) -> None:
        self._state = first
        self._metrics = metrics
        self._on_state = on_state
        self._saying = threading.Lock()

    @property
    def state(self) -> CaptureState:
        """The newest."""
        return self._state

    def say(self, state: CaptureState) -> None:
        """Say it, unless it was said last or the end was."""
        with self._saying:
            if state == self._state or self._state.status == "stopped":
                return
            self._state = state
            self._metrics.capture_healthy.set(1 if state.status == "healthy" else 0)
            self._metrics.capture_state.state(state.status)
            self._on_state(state)
