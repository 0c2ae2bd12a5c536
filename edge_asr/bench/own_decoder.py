"""Our recognizer as a child of the measurement: `python -m edge_asr.bench.own_decoder CONFIG-AS-JSON`.

`live` is the daemon's own pipeline, fed as a microphone would; `whole` is the same recognizer over the whole file as
one utterance, without gate and endpoints. The difference between the two is what living on a stream costs.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np

from edge_asr.app import build_pipeline, load_recognizer
from edge_asr.asr.recognizer import Recognizer
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk, Samples
from edge_asr.audio.gate import BLOCK_MS
from edge_asr.audio.resample import BlockResampler
from edge_asr.bench.decoder_loop import Decode, serve
from edge_asr.config import Config
from edge_asr.pipeline import Observation, Transcript

_CHUNK_MS = 20


def decoders(config: Config) -> Mapping[str, Decode]:
    """Decoders by name. Raises ModelError."""
    recognizer = load_recognizer(config)
    return {
        "live": lambda pcm, rate_hz: _live(config, recognizer, pcm, rate_hz),
        "whole": lambda pcm, rate_hz: _whole(recognizer, pcm, rate_hz),
    }


def _live(config: Config, recognizer: Recognizer[Any], pcm: bytes, rate_hz: int) -> str:
    pipeline = build_pipeline(config, recognizer)
    observations: list[Observation] = []
    first_sample = 0
    for samples in _chunks(pcm, rate_hz):
        observations += pipeline.process(AudioChunk("bench", first_sample, samples, rate_hz, 0))
        first_sample += len(samples)
    observations += pipeline.end(EndReason.END_OF_INPUT)
    finals = [seen for seen in observations if isinstance(seen, Transcript) and seen.end_reason is not None]
    return " ".join(final.hypothesis.text for final in finals)


def _whole(recognizer: Recognizer[Any], pcm: bytes, rate_hz: int) -> str:
    block_samples = recognizer.sample_rate_hz * BLOCK_MS // 1000
    resampler = BlockResampler(rate_hz, recognizer.sample_rate_hz, block_samples)
    state = recognizer.start()
    for samples in _chunks(pcm, rate_hz):
        for block in resampler.step(samples):
            _, state = recognizer.step(block, state)
    for block in resampler.finish():
        _, state = recognizer.step(block, state)
    hypothesis, _ = recognizer.finish(state)
    return hypothesis.text


def _chunks(pcm: bytes, rate_hz: int) -> Iterator[Samples]:
    samples = np.frombuffer(pcm, "<i2").astype(np.int16)
    size = rate_hz * _CHUNK_MS // 1000
    for begin in range(0, len(samples), size):
        yield samples[begin : begin + size]


if __name__ == "__main__":
    serve(lambda: decoders(msgspec.json.decode(sys.argv[1], type=Config)))
