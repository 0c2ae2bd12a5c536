"""A stream of the bench that hears loudness, without a model."""

from edge_asr.bench.full_speed import FullSpeed
from edge_asr.config import EndpointConfig, GateConfig
from edge_asr.pipeline import Pipeline
from edge_asr.stamp import Stamp
from tests.fakes import HandClock, LoudRecognizer, LoudVad


def fake_stream() -> FullSpeed:
    pipeline = Pipeline(GateConfig(), EndpointConfig(), LoudVad(), LoudRecognizer())
    return FullSpeed(pipeline, None, Stamp(HandClock(), "bench", "xx", "loud", None))
