"""The real worker with the fake recognizer; what a recording is called says what becomes of its process."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge_asr.batch import worker
from edge_asr.batch.ear import Ear, Source
from edge_asr.clock import Clock
from edge_asr.config import Config
from edge_asr.errors import ModelError, TooBigError
from edge_asr.events import Event
from edge_asr.pipeline import Pipeline
from tests.fakes import LoudRecognizer, LoudVad

REFUSE, ALONE = "LOUD_WORKER_REFUSES", "LOUD_WORKER_ALONE"  # variables: to load nothing; a file that only one can make


class _WilfulEar(Ear):
    def hear(self, source: Source) -> Iterator[tuple[float, list[Event]]]:
        if "late" in source.stream_id:
            time.sleep(1.0)
        if "endless" in source.stream_id:
            time.sleep(600.0)
        if "deadly" in source.stream_id:
            os.kill(os.getpid(), signal.SIGKILL)
        if "buggy" in source.stream_id:
            raise RuntimeError("a fault that nobody foresaw")
        return super().hear(source)


def load(config: Config, clock: Clock) -> Ear:
    if REFUSE in os.environ:
        raise ModelError("there is no model; pull one")
    if ALONE in os.environ:
        try:
            Path(os.environ[ALONE]).touch(exist_ok=False)
        except FileExistsError:
            raise TooBigError("there is not enough memory to load two") from None
    recognizer = LoudRecognizer()

    def pipeline() -> Pipeline[Any]:
        return Pipeline(config.gate, config.endpoint, LoudVad(), recognizer)

    return _WilfulEar(recognizer, None, pipeline, "here", clock)


if __name__ == "__main__":
    worker.main(load)
