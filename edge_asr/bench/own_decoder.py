"""Our recognizer as a child of the measurement: `python -m edge_asr.bench.own_decoder CONFIG-AS-JSON [NAME...]`.

`live` is the daemon's own pipeline, fed as a microphone would; `whole` is the same recognizer over the whole file as
one utterance, without gate and endpoints. The difference between the two is what living on a stream costs. Both have
their second pass where the configuration has one; `second` is its model alone over the whole file. Of a zipformer,
`whole` gives its tokens too. Names choose among them.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from edge_asr.asr.recognizer import Recognizer
from edge_asr.asr.result import EndReason
from edge_asr.asr.zipformer.recognizer import ZipformerRecognizer
from edge_asr.audio.chunk import AudioChunk, Samples
from edge_asr.audio.gate import BLOCK_MS
from edge_asr.audio.resample import BlockResampler
from edge_asr.bench.decoder_loop import Decode, Said, serve
from edge_asr.config import Config
from edge_asr.loading import build_pipeline, load_recognizer, load_second_pass
from edge_asr.observation import Observation, Transcript, is_final
from edge_asr.second_pass import SecondPass, heard_again

_CHUNK_MS = 20


class OwnDecoders:
    """Our decoders, loaded once; each recording has a pipeline of its own."""

    def __init__(self, config: Config) -> None:
        """Load the models. Raises ModelError."""
        self._config = config
        self._recognizer = load_recognizer(config)
        self._second_pass = load_second_pass(config)
        self._streams = 0
        self.renew()

    def renew(self) -> None:
        """A fresh pipeline: a daemon makes one when it starts, so making it is no cost of a recording."""
        self._pipeline = build_pipeline(self._config, self._recognizer)
        self._streams += 1  # the second pass tells by the stream that a segment does not follow the one before

    def by_name(self) -> Mapping[str, Decode]:
        """Decoders by name."""
        found: dict[str, Decode] = {
            "live": lambda pcm, rate_hz: _said(self.finals(_samples(pcm), rate_hz)),
            "whole": lambda pcm, rate_hz: self.whole(_samples(pcm), rate_hz),
        }
        if self._second_pass is not None:
            alone = self._second_pass.rescorer
            found["second"] = lambda pcm, rate_hz: Said(
                alone.decode(_resampled(_samples(pcm), rate_hz, alone.sample_rate_hz), draft=()).text
            )
        return found

    def finals(self, samples: Samples, rate_hz: int) -> list[Transcript]:
        """Finals of a stream through the pipeline of now, which is then to be renewed."""
        observations: list[Observation] = []
        first_sample = 0
        for piece in _chunks(samples, rate_hz):
            observations += self._pipeline.process(AudioChunk(f"bench{self._streams}", first_sample, piece, rate_hz, 0))
            first_sample += len(piece)
        observations += self._pipeline.end(EndReason.END_OF_INPUT)
        again = (heard_again(seen, self._second_pass) for seen in observations if is_final(seen))
        return [final for final in again if is_final(final)]

    def whole(self, samples: Samples, rate_hz: int) -> Said:
        """All of it as one utterance."""
        return _whole(self._recognizer, self._second_pass, samples, rate_hz)


def _said(finals: Sequence[Transcript]) -> Said:
    spans = [
        (final.start_s + words[0].start_s, final.start_s + words[-1].end_s)
        for final in finals
        if (words := final.hypothesis.words)
    ]
    return Said(" ".join(final.hypothesis.text for final in finals), spans=tuple(spans))


def _whole(recognizer: Recognizer[Any], second_pass: SecondPass | None, heard: Samples, rate_hz: int) -> Said:
    samples = _resampled(heard, rate_hz, recognizer.sample_rate_hz)
    state = recognizer.start()
    for block in _chunks(samples, recognizer.sample_rate_hz):
        _, state = recognizer.step(block, state)
    hypothesis, state = recognizer.finish(state)
    tokens = recognizer.tokens(state) if isinstance(recognizer, ZipformerRecognizer) else None
    if second_pass is None:
        return Said(hypothesis.text, tokens)
    end = EndReason.END_OF_INPUT
    final = Transcript("bench", "bench-1", 1, hypothesis, 0.0, 0.0, hypothesis.decoded_s, end, samples=samples)
    return Said(second_pass.rewrite(final).final.hypothesis.text, tokens)


def _resampled(samples: Samples, rate_hz: int, wanted_hz: int) -> Samples:
    resampler = BlockResampler(rate_hz, wanted_hz, wanted_hz * BLOCK_MS // 1000)  # given it all at once, as the peers'
    return np.concatenate([*resampler.step(samples), *resampler.finish(), np.empty(0, np.int16)])


def _samples(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, "<i2").astype(np.int16)


def _chunks(samples: Samples, rate_hz: int) -> Iterator[Samples]:
    size = rate_hz * _CHUNK_MS // 1000
    for begin in range(0, len(samples), size):
        yield samples[begin : begin + size]


def main(words: Sequence[str]) -> None:
    """Serve the decoders of the configuration `words[0]`, those named after it or all."""
    loaded: list[OwnDecoders] = []

    def load() -> Mapping[str, Decode]:
        loaded.append(OwnDecoders(msgspec.json.decode(words[0], type=Config)))
        found = loaded[0].by_name()
        return {name: found[name] for name in words[1:] or found}

    def renew() -> None:
        loaded[0].renew()

    serve(load, renew)


if __name__ == "__main__":
    main(sys.argv[1:])
