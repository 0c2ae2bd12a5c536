"""Guests of a house whose recognizer hears loudness, and whose microphone is as late as is wanted."""

from dataclasses import dataclass, field

from edge_asr.brains import Brains
from edge_asr.clock import SystemClock
from edge_asr.config import EndpointConfig, GateConfig
from edge_asr.guests.house import Guests
from edge_asr.metrics import Metrics
from edge_asr.pipeline import Pipeline
from tests.fakes import LoudRecognizer, LoudVad


@dataclass
class Machine:
    recognizer: LoudRecognizer = field(default_factory=LoudRecognizer)
    lag_s: float = 0.0


def made_guests(machine: Machine, most: int | None = None, metrics: Metrics | None = None) -> Guests:
    return Guests(
        "k1",
        lambda: Brains(machine.recognizer, None),
        lambda recognizer: Pipeline(GateConfig(), EndpointConfig(), LoudVad(), recognizer),
        0.0,
        most,
        lambda: machine.lag_s,
        SystemClock(),
        metrics or Metrics(),
    )
