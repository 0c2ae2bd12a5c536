"""Looks at heat and lag now and then, and relieves the machine a step of the ladder at a time; everybody is told."""

import logging
import math
from collections.abc import Sequence
from typing import Protocol

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.config import LadderConfig
from edge_asr.events import LadderEvent, LadderReport
from edge_asr.ladder import NO_RELIEF, Reading, Relief, Rung, Stand, step
from edge_asr.metrics import Metrics
from edge_asr.sinks.sink import Sink
from edge_asr.thermal import Heat

log = logging.getLogger(__name__)

_EVERY_S = 1.0
_GIVEN_UP = {
    Rung.NO_PARTIALS: "no partials",
    Rung.NO_SECOND_PASS: "no partials and no second pass",
    Rung.SMALL_MODEL: "no partials, no second pass, and a smaller model listens",
}
_BACK = {
    Rung.ALL: "partials are back, nothing is given up any more",
    Rung.NO_PARTIALS: "the second pass is back",
    Rung.NO_SECOND_PASS: "the chosen model comes back",
}


class Sensor(Protocol):
    """What is wanted of the thermometer."""

    def look(self) -> Heat:
        """Heat as it is now."""
        ...


class RelievedBrain(Protocol):
    """What is wanted of the worker's overload."""

    @property
    def late(self) -> bool:
        """Whether the lag is above the first bound."""
        ...

    def relieve(self, relief: Relief) -> None:
        """Give up so much."""
        ...


class RelievedModels(Protocol):
    """What is wanted of the models."""

    @property
    def possible(self) -> bool:
        """Whether a smaller one could stand in for the chosen one."""
        ...

    def stand_in(self, *, on: bool) -> None:
        """Let it, or let the chosen one listen again."""
        ...


class Reliever:
    """The supervisor's thread alone; `look` returns soon."""

    def __init__(
        self,
        rules: LadderConfig,
        sensor: Sensor,
        brain: RelievedBrain,
        models: RelievedModels,
        sinks: Sequence[Sink],
        device_id: str,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._sensor = sensor
        self._brain = brain
        self._models = models
        self._sinks = sinks
        self._device_id = device_id
        self._metrics = metrics
        self._clock = clock
        self._stand = Stand()
        self._looked_s: float | None = None
        self._known = True
        self._report(NO_RELIEF, None)  # the broker may still have what a former process said

    def look(self) -> None:
        """Read the sensors when it is time, and do a step where one is due."""
        now_s = self._clock.monotonic_ns() / NS_PER_S
        if not self._rules.enabled or (self._looked_s is not None and now_s - self._looked_s < _EVERY_S):
            return
        self._looked_s = now_s
        heat = self._sensor.look()
        self._note(heat)
        deepest = Rung.SMALL_MODEL if self._models.possible else Rung.NO_SECOND_PASS
        before = self._stand.relief
        reading = Reading(now_s, heat.celsius, heat.throttled, self._brain.late)
        self._stand = step(reading, self._stand, self._rules, deepest)
        if self._stand.relief.rung != before.rung:
            self._step(before, self._stand.relief, heat)

    def _note(self, heat: Heat) -> None:
        self._metrics.temperature_celsius.set(math.nan if heat.celsius is None else heat.celsius)
        if self._known and heat == Heat(None, None):
            self._known = False  # once: a sensor that comes and goes is not worth a line each time
            log.info(
                "the temperature is unknown, lag alone tells when it is too much: %s names no file that can be read",
                self._rules.temperature_path,
            )

    def _step(self, before: Relief, after: Relief, heat: Heat) -> None:
        self._brain.relieve(after)
        if Rung.SMALL_MODEL in (before.rung, after.rung):
            self._models.stand_in(on=after.rung is Rung.SMALL_MODEL)
        down = after.rung > before.rung
        message = _in_words(after, heat, down=down)
        cause = after.cause if down else before.cause
        told = {"reason": message, "rung": after.rung.label, "cause": cause, "temperature_celsius": heat.celsius}
        log.log(logging.WARNING if down else logging.INFO, "%(reason)s", told)
        self._metrics.ladder_steps.labels(direction="down" if down else "up", cause=cause).inc()
        event = LadderEvent(
            device_id=self._device_id,
            emitted_at=self._clock.now().isoformat(timespec="milliseconds"),
            clock_synced=self._clock.synced(),
            rung=after.rung.label,
            cause=after.cause,
            message=message,
            temperature_celsius=heat.celsius,
        )
        for sink in self._sinks:
            sink.emit(event)
        self._metrics.events.labels(event_type="ladder").inc()
        self._report(after, heat.celsius)

    def _report(self, relief: Relief, celsius: float | None) -> None:
        self._metrics.ladder_rung.set(relief.rung)
        report = LadderReport(
            rung=relief.rung.label,
            cause=relief.cause,
            temperature_celsius=celsius,
            since=self._clock.now().isoformat(timespec="milliseconds"),
        )
        for sink in self._sinks:
            sink.report(report)


def _in_words(after: Relief, heat: Heat, *, down: bool) -> str:
    measured = "" if heat.celsius is None else f" ({heat.celsius:.0f} °C)"
    if not down:
        return f"{_BACK[after.rung]}{measured}"
    if after.cause == "lag":
        return f"recognition stays behind{measured}: {_GIVEN_UP[after.rung]}"
    why = "the firmware slows the processor down" if heat.throttled else "the machine is hot"
    return f"{why}{measured}: {_GIVEN_UP[after.rung]}"
