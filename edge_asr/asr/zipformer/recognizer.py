"""Streaming recognizer of the zipformer family: log mel energies, encoder and token search, chunk by chunk.

A chunk is decoded once all its frames are there, so any cutting of the same audio gives the same hypotheses.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.manifest import ZipformerManifest
from edge_asr.asr.result import Hypothesis
from edge_asr.asr.zipformer.encoder import Memory, StreamingEncoder
from edge_asr.asr.zipformer.fbank import FRAME_S, FbankStream
from edge_asr.asr.zipformer.spelling import NOTHING_SPELT, Spelt, spell_on, words
from edge_asr.asr.zipformer.token_path import TokenPath, TokenSearch
from edge_asr.asr.zipformer.tokens import Tokens


@dataclass(slots=True)
class ZipformerUtterance:
    """One utterance on its way. `frames` counts those that the encoder has moved past."""

    fbank: FbankStream
    memory: Memory
    search: Any
    frames: int = 0
    heard_samples: int = 0
    spelt: Spelt = NOTHING_SPELT


class ZipformerRecognizer:
    """Immutable but for onnxruntime's own arenas; the state belongs to one thread."""

    def __init__(
        self, bundle: Bundle[ZipformerManifest], encoder: StreamingEncoder, search: TokenSearch[Any], tokens: Tokens
    ) -> None:
        manifest = bundle.manifest
        self._sizes = manifest.encoder
        self._encoder = encoder
        self._search = search
        self._tokens = tokens
        self.sample_rate_hz = manifest.sample_rate_hz
        self.language = manifest.language
        self.model = manifest.name
        self._output_s = encoder.frames_per_output * FRAME_S

    def start(self, gain: float = 1.0) -> ZipformerUtterance:
        """State of a new utterance, whose samples are raised by `gain`."""
        fbank = FbankStream(self.sample_rate_hz, self._sizes.mel_bins, gain)
        return ZipformerUtterance(fbank, self._encoder.start(), self._search.start())

    def step(
        self,
        samples: NDArray[np.int16],
        state: ZipformerUtterance,
        *,
        partial: bool = True,  # noqa: ARG002 - its partials cost next to nothing
    ) -> tuple[Hypothesis | None, ZipformerUtterance]:
        """Take samples; decode every chunk that is complete."""
        state.fbank.accept(samples)
        state.heard_samples += len(samples)
        return (self._hypothesis(state, timed=False) if self._decode(state) else None), state

    def finish(self, state: ZipformerUtterance) -> tuple[Hypothesis, ZipformerUtterance]:
        """Decode the tail; the right context that it lacks is a chunk of silence, in which a late token may come."""
        silence = round(self._sizes.chunk_frames * FRAME_S * self.sample_rate_hz)
        state.fbank.accept(np.zeros(silence, np.int16))
        state.fbank.finish()
        self._decode(state)
        return self._hypothesis(state, timed=True), state

    def stop(self) -> None:
        """See `Recognizer`: no chunk takes long."""

    def path(self, state: ZipformerUtterance) -> TokenPath:
        """The best path of tokens so far."""
        return self._search.best(state.search)

    def tokens(self, state: ZipformerUtterance) -> tuple[str, ...]:
        """The best path so far, as the table of tokens writes it."""
        return tuple(self._tokens.table[token] for token in self.path(state).tokens)

    def _decode(self, state: ZipformerUtterance) -> bool:
        """Decode what is ready; whether there was anything."""
        before = state.frames
        while state.fbank.has(state.frames + self._sizes.chunk_frames + 1):  # one more: as sherpa-onnx counts
            frames = state.fbank.frames(state.frames, self._sizes.chunk_frames)
            outputs, state.memory = self._encoder.run(frames, state.memory)
            state.search = self._search.advance(outputs, state.search)
            state.frames += self._sizes.shift_frames
        return state.frames > before

    def _hypothesis(self, state: ZipformerUtterance, *, timed: bool) -> Hypothesis:
        path = self.path(state)
        heard_s = state.heard_samples / self.sample_rate_hz
        decoded_s = min(state.frames * FRAME_S, heard_s)
        silent_from_s = state.frames * FRAME_S - path.blanks * self._output_s
        silence_s = max(0.0, decoded_s - silent_from_s)
        if timed:
            return Hypothesis(words(path, self._tokens, self._output_s, heard_s), decoded_s, silence_s, timed)
        # Before the end all that is decoded has been heard: what the words are depends on the path alone.
        if (path.tokens, path.outputs) != (state.spelt.path.tokens, state.spelt.path.outputs):
            state.spelt = spell_on(state.spelt, path, self._tokens, self._output_s, heard_s)
        return Hypothesis(state.spelt.words, decoded_s, silence_s, timed)
