"""Alive and ready are two questions: a restart helps who is not alive, and never who only lacks a microphone."""

from typing import NamedTuple

from edge_asr.http.board import Known

_HEARS = ("listening", "muted")  # who is mute by wish could hear


class Verdict(NamedTuple):
    """The answer; `reasons` say what is wrong, each in one line for a person."""

    good: bool
    reasons: tuple[str, ...]


def alive(faults: tuple[str, ...]) -> Verdict:
    """Whether the process works at all: what systemd's watchdog is fed with."""
    return Verdict(not faults, faults)


def ready(faults: tuple[str, ...], known: Known) -> Verdict:
    """Whether it can hear, and publish where a broker is configured."""
    reasons = list(faults)
    state, broker = known.state, known.broker
    if state is None:
        reasons.append("starting")
    elif state.state not in _HEARS:
        reasons.append(f"microphone: {state.reason or state.state}")
    if broker is not None and not broker.connected:
        reasons.append(f"broker: {broker.reason or 'not connected'}")
    return Verdict(not reasons, tuple(reasons))
