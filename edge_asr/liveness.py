"""Whether the daemon lives: one truth, for systemd's watchdog and for whoever asks on the HTTP port."""

from typing import NamedTuple

from edge_asr.clock import NS_PER_S, Clock

_FRESH_S = 10.0  # the supervisor comes round five times a second; a slow SD card may hold it up for some of them


class _Beat(NamedTuple):
    faults: tuple[str, ...]
    at_ns: int


class Liveness:
    """The supervisor beats, any thread asks. Before the first beat it is young, and well."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = _Beat((), clock.monotonic_ns())  # replaced whole: who reads needs no lock

    def beat(self, faults: tuple[str, ...]) -> None:
        """What is wrong, seen at this turn; none is what feeds the watchdog."""
        self._last = _Beat(faults, self._clock.monotonic_ns())

    def faults(self) -> tuple[str, ...]:
        """What is wrong now, each in one line for a person. Any thread."""
        faults, at_ns = self._last
        age_s = (self._clock.monotonic_ns() - at_ns) / NS_PER_S
        return faults if age_s < _FRESH_S else (*faults, f"the supervisor has not come round for {age_s:.0f} s")
