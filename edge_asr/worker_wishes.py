"""What other threads want of the recognizer's: to hear nothing, to listen at once, and how readily the gate opens."""

from typing import Any

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.pipeline import Pipeline
from edge_asr.sensitivity import checked

_WAIT_S = 1.0  # a wish to listen that no chunk follows for so long is forgotten


class WorkerWishes:
    """`mute`, `set_sensitivity` and `listen_now` are for any thread, the rest is the recognizer's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._muted = False
        self._unmuted_ns: int | None = None
        self._sensitivity_wanted: int | None = None  # None: as configured
        self._sensitivity: int | None = None
        self._listen_wanted: tuple[float, int] | None = None  # for how long, and when it was asked for

    def mute(self, *, on: bool) -> None:
        """Hear nothing, or what is said from now on."""
        if not on:
            self._unmuted_ns = self._clock.monotonic_ns()
        self._muted = on

    def set_sensitivity(self, sensitivity: int) -> None:
        """How readily the gate opens, 0 to 100; the last of many counts. Raises ConfigError."""
        self._sensitivity_wanted = checked(sensitivity)

    def listen_now(self, seconds: float) -> None:
        """Begin a segment with what is heard from now on, voice or not, for so long."""
        self._listen_wanted = (seconds, self._clock.monotonic_ns())

    @property
    def muted(self) -> bool:
        """Whether nothing is to be heard."""
        return self._muted

    def unheard(self, captured_ns: int) -> bool:
        """Whether a chunk of then is not to be heard; one that came before the end of a mute is not, however late."""
        return self._muted or (self._unmuted_ns is not None and captured_ns < self._unmuted_ns)

    def tune(self, pipeline: Pipeline[Any], captured_ns: int) -> None:
        """Make the pipeline ready for a chunk of then."""
        press = self._listen_wanted
        if press is not None and captured_ns >= press[1]:  # what is older is not what was meant
            self._listen_wanted = None
            if captured_ns - press[1] <= _WAIT_S * NS_PER_S:
                pipeline.listen_now(press[0])
        wanted = self._sensitivity_wanted  # read once: another thread may change it
        if wanted is not None and wanted != self._sensitivity:
            pipeline.set_sensitivity(wanted)
            self._sensitivity = wanted
