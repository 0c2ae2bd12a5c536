"""How readily the gate opens, as one number for people and for a slider.

In the middle stand the thresholds that are configured. Towards either end each of them moves in a straight line to that
of the end, unless it lies beyond it already: so more is never less.
"""

from dataclasses import dataclass

from edge_asr.config import GateConfig
from edge_asr.errors import ConfigError

LEAST, MIDDLE, MOST = 0, 50, 100


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the gate and its detectors go by."""

    vad_mode: int
    silero_threshold: float
    onset_ms: int


# Measured with `bench gate`, 60 recordings, webrtc with Silero behind it: speech that is missed as recorded, and with
# noise as loud as it; segments an hour that a kitchen and the washing-up begin (a tap and white noise begin none).
#     0  1.2 %  3.8 %    0    0
#    25  0.9 %  2.1 %    0    0
#    50  0.8 %  1.1 %   29    0
#    75  0.7 %  0.7 %   29    0
#   100  0.5 %  0.4 %  117  303
# webrtc alone, 24 of them: at 0 it misses less than 0.1 % and noise holds it open for 82 to 100 % of the time, at 50
# for 90 to 100 %.
_DEAF = Thresholds(vad_mode=3, silero_threshold=0.85, onset_ms=200)
_KEEN = Thresholds(vad_mode=0, silero_threshold=0.15, onset_ms=40)


def checked(sensitivity: int) -> int:
    """The same number; ConfigError when it is not on the scale."""
    if not LEAST <= sensitivity <= MOST:
        raise ConfigError(f"sensitivity = {sensitivity}: expected a whole number from {LEAST} to {MOST}")
    return sensitivity


def thresholds(gate: GateConfig, sensitivity: int) -> Thresholds:
    """Thresholds at that place of the scale. Raises ConfigError."""
    share = (checked(sensitivity) - MIDDLE) / MIDDLE
    if share < 0:
        mode = max(_DEAF.vad_mode, gate.vad_mode)
        probability = max(_DEAF.silero_threshold, gate.silero_threshold)
        onset_ms = max(min(_DEAF.onset_ms, gate.onset_window_ms), gate.onset_ms)
    else:
        mode = min(_KEEN.vad_mode, gate.vad_mode)
        probability = min(_KEEN.silero_threshold, gate.silero_threshold)
        onset_ms = min(_KEEN.onset_ms, gate.onset_ms)
    return Thresholds(
        round(_between(gate.vad_mode, mode, abs(share))),
        _between(gate.silero_threshold, probability, abs(share)),
        round(_between(gate.onset_ms, onset_ms, abs(share))),
    )


def _between(middle: float, end: float, share: float) -> float:
    return middle + share * (end - middle)
