"""A pipeline with a recognizer that can be foreseen, and what comes out of it."""

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.config import EndpointConfig, GateConfig
from edge_asr.observation import Observation, Transcript
from edge_asr.pipeline import Pipeline
from tests.fakes import RATE_HZ, LoudRecognizer, LoudState, LoudVad


def make(endpoint: EndpointConfig | None = None, recognizer: LoudRecognizer | None = None) -> Pipeline[LoudState]:
    return Pipeline(GateConfig(), endpoint or EndpointConfig(), LoudVad(), recognizer or LoudRecognizer())


def chunks(samples: NDArray[np.int16], size: int = 320, first: int = 0, rate: int = RATE_HZ) -> list[AudioChunk]:
    return [AudioChunk("s", first + at, samples[at : at + size], rate, 0) for at in range(0, len(samples), size)]


def feed(pipeline: Pipeline[LoudState], audio: list[AudioChunk], end: EndReason | None = None) -> list[Observation]:
    out = [seen for chunk in audio for seen in pipeline.process(chunk)]
    return out + (pipeline.end(end) if end else [])


def finals(seen: list[Observation]) -> list[Transcript]:
    return [one for one in seen if isinstance(one, Transcript) and one.end_reason]
