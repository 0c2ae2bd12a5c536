"""Turns the volume of the microphone itself, slowly and within limits, so that voices neither clip nor drown.

This is no compressor: the recognizer evens levels out for itself, and what is lost is lost before it, in the converter
that clips or has a voice in its last bits. So a change is rare, and follows what was said, not what is being said.
"""

import threading
from collections import deque
from typing import NamedTuple

from edge_asr.audio.level_meter import Level

_WINDOWS = 30
_VOICE_ABOVE_FLOOR_DB = 12.0
_VOICE_WINDOWS = 4  # so many are a voice, one is a door
_QUIET_PEAK_DBFS = -24.0  # below it a voice has not even a sixteenth of the converter's range
_CLIPPED_SHARE = 0.0005
_DOWN, _UP = 0.85, 1.12  # of a sound server's percent, whose cube is the amplitude: -4.2 and +3.0 dB
_REST_WINDOWS = 4  # what comes right after a change was partly heard before it


class GainLimits(NamedTuple):
    """Percent of what the hardware gives; never beyond these."""

    lowest_percent: int
    highest_percent: int


class AutoGain:
    """`take` is for the thread that delivers, once for each window of about a second; `wish` for any one other."""

    def __init__(self, limits: GainLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._recent: deque[Level] = deque(maxlen=_WINDOWS)
        self._rest = 0

    def take(self, level: Level) -> None:
        """Take the level of a window."""
        with self._lock:
            if self._rest:
                self._rest -= 1
            else:
                self._recent.append(level)

    def wish(self, percent: int) -> int | None:
        """What the volume should be, when it is `percent` now; None: as it is. Each wish is made once."""
        with self._lock:
            factor = _factor(self._recent)
            lowest, highest = self._limits
            # What somebody has set beyond a limit is theirs: it is not pulled back without a reason.
            if factor < 1.0 and percent > lowest:
                wanted = max(lowest, min(percent - 1, round(percent * factor)))
            elif factor > 1.0 and percent < highest:
                wanted = min(highest, max(percent + 1, round(percent * factor)))
            else:
                return None
            self._begin_anew()
            return wanted

    def heard_nothing(self) -> None:
        """The microphone was closed: what was heard says nothing of the next one."""
        with self._lock:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._recent.clear()
        self._rest = _REST_WINDOWS


def _factor(recent: deque[Level]) -> float:
    """1.0, or what the volume is to be multiplied by."""
    if not recent:
        return 1.0
    newest = recent[-1]
    if newest.clipped_samples > _CLIPPED_SHARE * newest.samples:
        return _DOWN
    floor_dbfs = min(level.rms_dbfs for level in recent)
    voices = [level for level in recent if level.rms_dbfs > floor_dbfs + _VOICE_ABOVE_FLOOR_DB]
    if len(voices) >= _VOICE_WINDOWS and max(level.peak_dbfs for level in voices) < _QUIET_PEAK_DBFS:
        return _UP
    return 1.0
