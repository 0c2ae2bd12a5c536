"""One recording after the other through the daemon's own pipeline: what the command line and its processes share."""

from collections.abc import Callable, Iterator
from typing import Any

from edge_asr.asr.recognizer import Recognizer
from edge_asr.asr.result import EndReason
from edge_asr.audio.container_file import ContainerSource
from edge_asr.audio.replay import FileSource, StdinSource
from edge_asr.clock import Clock
from edge_asr.config import Config
from edge_asr.events import Event
from edge_asr.loading import advised, available_second_pass, build_pipeline, load_recognizer
from edge_asr.pipeline import Pipeline
from edge_asr.second_pass import SecondPass, heard_again
from edge_asr.settings import device_id
from edge_asr.stamp import Stamp

Source = FileSource | ContainerSource | StdinSource


class Ear:
    """A recognizer for many recordings, each with a pipeline of its own. One thread.

    The second pass tells recordings apart by their stream: each needs a `stream_id` that no other has.
    """

    def __init__(
        self,
        recognizer: Recognizer[Any],
        second_pass: SecondPass | None,
        pipeline: Callable[[], Pipeline[Any]],
        device: str,
        clock: Clock,
    ) -> None:
        self._second_pass = second_pass
        self._pipeline = pipeline
        self._recognizer = recognizer
        self._device = device
        self._clock = clock
        self.language = recognizer.language

    def hear(self, source: Source) -> Iterator[tuple[float, list[Event]]]:
        """For each chunk: where in the stream it ends, in seconds, and its events. Raises AudioFileError."""
        stamp = Stamp(self._clock, self._device, self._recognizer.language, self._recognizer.model, None)
        pipeline, end_s = self._pipeline(), 0.0
        for chunk in source.chunks():
            end_s = chunk.end_sample / chunk.sample_rate_hz
            yield end_s, [stamp.event(heard_again(seen, self._second_pass)) for seen in pipeline.process(chunk)]
        seen_last = pipeline.end(EndReason.END_OF_INPUT)
        yield end_s, [stamp.event(heard_again(seen, self._second_pass)) for seen in seen_last]


def load_ear(config: Config, clock: Clock) -> Ear:
    """Ear with the configured models. Raises ModelError and ConfigError."""
    recognizer, second_pass = load_recognizer(config), available_second_pass(config)
    recognizer = advised(config, recognizer, second_pass)
    return Ear(recognizer, second_pass, lambda: build_pipeline(config, recognizer), device_id(config), clock)
