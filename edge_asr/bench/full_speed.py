"""The daemon's path without its threads and its clock: sound in as fast as it is taken, events out."""

from collections.abc import Iterable, Iterator
from typing import Any

from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk, Samples
from edge_asr.clock import Clock
from edge_asr.config import Config
from edge_asr.events import Event, encode
from edge_asr.loading import build_pipeline, load_recognizer, load_second_pass
from edge_asr.observation import Observation
from edge_asr.pipeline import Pipeline
from edge_asr.second_pass import SecondPass, heard_again
from edge_asr.stamp import Stamp

CHUNK_MS = 20
_STREAM = "bench"


class FullSpeed:
    """One stream through pipeline, second pass and stamp. One thread.

    Every event is encoded as for the broker, which is part of the cost. The second pass computes in the same thread.
    """

    def __init__(self, pipeline: Pipeline[Any], second_pass: SecondPass | None, stamp: Stamp) -> None:
        self._pipeline = pipeline
        self._second_pass = second_pass
        self._stamp = stamp
        self._next_sample = 0

    def hear(self, samples: Samples, sample_rate_hz: int) -> list[Event]:
        """Events of the stream's next int16 samples (n,)."""
        chunk = AudioChunk(_STREAM, self._next_sample, samples, sample_rate_hz, 0)
        self._next_sample += len(samples)
        return self._events(self._pipeline.process(chunk))

    def end(self) -> list[Event]:
        """What is still inside, and the end of the utterance."""
        return self._events(self._pipeline.end(EndReason.END_OF_INPUT))

    def _events(self, observations: Iterable[Observation]) -> list[Event]:
        events = [self._stamp.event(heard_again(seen, self._second_pass)) for seen in observations]
        for event in events:
            encode(event)
        return events


class Ears:
    """What is loaded once for many streams. Raises ModelError and ConfigError."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._recognizer = load_recognizer(config)
        self._second_pass = load_second_pass(config)

    def stream(self) -> FullSpeed:
        """A fresh stream."""
        recognizer = self._recognizer
        stamp = Stamp(self._clock, "bench", recognizer.language, recognizer.model, None)
        return FullSpeed(build_pipeline(self._config, recognizer), self._second_pass, stamp)


def pieces(samples: Samples, sample_rate_hz: int) -> Iterator[Samples]:
    """Samples as a microphone hands them over."""
    size = sample_rate_hz * CHUNK_MS // 1000
    for begin in range(0, len(samples), size):
        yield samples[begin : begin + size]
