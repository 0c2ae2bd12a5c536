"""What the device says of itself: capture states become the retained state, the log and systemd's status line."""

import logging
import threading
from collections.abc import Sequence
from typing import Literal

from edge_asr import __version__
from edge_asr.audio.source import CaptureState, CaptureStatus
from edge_asr.clock import Clock
from edge_asr.events import ModelReport, StateReport
from edge_asr.sinks.sink import Sink
from edge_asr.status_line import StatusLine

log = logging.getLogger(__name__)

# For people and automations there are fewer: whatever is wrong with the microphone is "degraded".
_NAMES: dict[CaptureStatus, Literal["starting", "listening", "muted", "degraded", "stopping"]] = {
    "starting": "starting",
    "healthy": "listening",
    "muted": "muted",
    "stopped": "stopping",
    **dict.fromkeys(("silent", "lost", "recovering", "hung"), "degraded"),
}


class Reporter:
    """Hands each new state to every sink and to systemd. Safe from any thread."""

    def __init__(self, sinks: Sequence[Sink], status: StatusLine, clock: Clock, language: str, model: str) -> None:
        self._sinks = sinks
        self._status = status
        self._clock = clock
        self._language = language
        self._model = model
        self._lock = threading.Lock()  # states leave in the order in which they came
        self._last: CaptureState | None = None

    def capture_changed(self, state: CaptureState) -> None:
        """Take what capture says of itself."""
        with self._lock:
            self._last = state
            self._say(state)
        if state.status == "healthy":
            log.info("listening to %(source)s", {"source": state.source})
        elif state.status == "muted":
            log.info("muted: %(reason)s", {"reason": state.reason})
        elif state.status in ("lost", "hung", "silent"):
            log.warning("not listening: %(reason)s", {"status": state.status, "reason": state.reason})

    def bundle(self, bundle: ModelReport) -> None:
        """Take what is known of the bundle in force."""
        for sink in self._sinks:
            sink.report(bundle)

    def model_changed(self, language: str, model: str) -> None:
        """Another model listens."""
        with self._lock:
            self._language, self._model = language, model
            if self._last is not None:
                self._say(self._last)

    def _say(self, state: CaptureState) -> None:
        listening = state.status == "healthy"
        name, reason = _NAMES[state.status], "shutting down" if state.status == "stopped" else state.reason
        microphone = state.source if listening else ""
        report = StateReport(
            state=name,
            capture=state.status,
            reason=reason,
            model=self._model,
            language=self._language,
            microphone=microphone,
            version=__version__,
            since=self._clock.now().isoformat(timespec="milliseconds"),
        )
        self._status.ears(f"{name}: {reason or microphone}")
        for sink in self._sinks:
            sink.report(report)
