"""The ladder of a machine that is too hot, or stays behind: which rung it stands on, as a pure function.

One step at a time, down under pressure and up again after a quiet time, so that it does not flap: heat presses from
one temperature on and is over below a lower one. Its clock is the reading's.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Literal, NamedTuple, get_args

from edge_asr.config import LadderConfig
from edge_asr.events import RungName

Cause = Literal["heat", "lag"]
_GAP_S = 5.0  # a reading speaks for no longer than this: between two that are further apart nobody has looked


class Rung(IntEnum):
    """What is given up; each includes those above it."""

    ALL = 0
    NO_PARTIALS = 1
    NO_SECOND_PASS = 2
    SMALL_MODEL = 3

    @property
    def label(self) -> RungName:
        """Its name on the wire."""
        return _LABELS[self]


_LABELS: tuple[RungName, ...] = get_args(RungName)


class Relief(NamedTuple):
    """What is given up now, and what for; no cause where nothing is."""

    rung: Rung = Rung.ALL
    cause: Cause | None = None


NO_RELIEF = Relief()


class Reading(NamedTuple):
    """One look at the machine. `now_s` is monotonic; None: not known. late: lag above overload.partials_lag_s."""

    now_s: float
    celsius: float | None
    throttled: bool | None
    late: bool


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the ladder stands. `since`s are monotonic seconds; None: it is not so now."""

    relief: Relief = NO_RELIEF
    moved_s: float | None = None  # the last step, either way
    pressed_since_s: float | None = None  # by heat; it lasts until it is cool
    calm_since_s: float | None = None
    seen_s: float | None = None  # the reading before
    late: tuple[tuple[float, float], ...] = ()  # when it was late since the last step: end and length, in seconds


def step(reading: Reading, stand: Stand, rules: LadderConfig, deepest: Rung) -> Stand:
    """Stand after one more reading. `deepest`: the last rung that there is; who stands below it comes up."""
    stand = _observed(reading, stand, rules)
    rung, now_s = stand.relief.rung, reading.now_s
    if rung > deepest:
        return _moved(stand, now_s, Relief(Rung(rung - 1), stand.relief.cause))
    cause = _pressure(reading, stand, rules)
    if cause is not None:
        return _moved(stand, now_s, Relief(Rung(rung + 1), cause)) if rung < deepest else stand
    quiet_s = 0.0 if stand.calm_since_s is None else now_s - max(stand.calm_since_s, stand.moved_s or 0.0)
    if rung > Rung.ALL and stand.calm_since_s is not None and quiet_s >= rules.step_up_s:
        up = Rung(rung - 1)
        return _moved(stand, now_s, Relief(up, stand.relief.cause if up else None))
    return stand


def _hot(reading: Reading, rules: LadderConfig) -> bool:
    celsius = reading.celsius
    return bool(reading.throttled) or (celsius is not None and celsius >= rules.temperature_high_celsius)


def _observed(reading: Reading, stand: Stand, rules: LadderConfig) -> Stand:
    """What is remembered of the readings. Between the two bounds it is as it was; not known is cool."""
    now_s = reading.now_s
    late = tuple(one for one in stand.late if one[0] > now_s - rules.lag_window_s)
    if reading.late and stand.seen_s is not None:
        late += ((now_s, min(now_s - stand.seen_s, _GAP_S)),)
    pressed_since_s, calm_since_s = stand.pressed_since_s, stand.calm_since_s
    if _hot(reading, rules):
        pressed_since_s = now_s if pressed_since_s is None else pressed_since_s
    elif reading.celsius is None or reading.celsius < rules.temperature_low_celsius:
        pressed_since_s = None
    if pressed_since_s is not None or reading.late:
        calm_since_s = None
    elif calm_since_s is None:
        calm_since_s = now_s
    return replace(stand, pressed_since_s=pressed_since_s, calm_since_s=calm_since_s, seen_s=now_s, late=late)


def _pressure(reading: Reading, stand: Stand, rules: LadderConfig) -> Cause | None:
    """Why to step down now, None where nothing presses, or the step before has had no time to help."""
    now_s, moved_s = reading.now_s, stand.moved_s or 0.0
    hot_since_s = stand.pressed_since_s
    if _hot(reading, rules) and hot_since_s is not None and now_s - max(hot_since_s, moved_s) >= rules.step_down_s:
        return "heat"
    rested = stand.moved_s is None or now_s - moved_s >= rules.step_down_s
    if rested and reading.late and sum(length_s for _, length_s in stand.late) >= rules.lag_persists_s:
        return "lag"
    return None


def _moved(stand: Stand, now_s: float, relief: Relief) -> Stand:
    return replace(stand, relief=relief, moved_s=now_s, late=())
