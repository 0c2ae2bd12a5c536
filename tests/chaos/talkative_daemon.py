"""The real daemon with a microphone that is always loud and a recognizer that hears one word in every scrap of it.

usage: talkative_daemon.py OPTIONS OF `edge-asr run`. All behind the recognizer is the product's own: worker, stamps,
supervisor, controls, sinks, spool. Each word is said once: it holds the time at which it was heard.
"""

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr import app, loading
from edge_asr.asr.result import Hypothesis, Word
from edge_asr.audio.capture import Capture
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.devices import Microphone
from edge_asr.audio.opener import Deliver
from edge_asr.cli.main import main
from edge_asr.config import Config
from edge_asr.pipeline import Pipeline
from tests.fakes import BLOCK, RATE_HZ, LoudVad, tone

PAUSE_S = 0.02  # between two blocks of 20 ms, so at best as fast as time
# An utterance is one block, the gate opens at every one: some 45 finals a second.
SETTINGS = (
    *("gate.onset_ms=20", "gate.onset_window_ms=20", "gate.pre_roll_ms=0", "gate.hangover_ms=20"),
    *("endpoint.silence_s=0.02", "endpoint.no_words_s=0.02", "endpoint.max_utterance_s=0.04"),
    *("second_pass.enabled=false", "mqtt.partials=false"),
)


class LoudStream:
    """An open microphone: a thread that delivers."""

    why_ended = ""

    def __init__(self, stream_id: str, deliver: Deliver) -> None:
        self.active = True
        self.last_chunk_ns: int | None = None
        self._stream_id = stream_id
        self._deliver = deliver
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        first, samples = 0, tone(BLOCK / RATE_HZ)
        while self.active:
            self.last_chunk_ns = time.monotonic_ns()
            self._deliver(AudioChunk(self._stream_id, first, samples, RATE_HZ, self.last_chunk_ns))
            first += BLOCK
            time.sleep(PAUSE_S)

    def moved_to(self) -> str | None:
        return None

    def gain(self) -> int | None:
        return None

    def set_gain(self, percent: int) -> int:
        return percent

    def close(self, deadline_s: float) -> None:
        self.active = False
        self._thread.join(deadline_s)


class LoudOpener:
    """There is one microphone, and it can always be opened."""

    hangs = False

    def let_pass(self) -> None:
        pass

    def choose(self) -> Microphone:
        return Microphone("pulse", "loud", "the loud one", "loud", RATE_HZ, 1)

    def give_up(self) -> None:
        pass

    def open(self, microphone: Microphone, stream_id: str, deliver: Deliver) -> LoudStream:  # noqa: ARG002 - the seam's
        return LoudStream(stream_id, deliver)

    def start(self, on_change: Callable[[bool], None]) -> None:
        pass

    def stop(self) -> None:
        pass


class WordByWord:
    """Hears one word whatever is said."""

    sample_rate_hz = RATE_HZ
    language = "xx"
    model = "talkative"

    def start(self, gain: float = 1.0) -> int:  # noqa: ARG002 - the seam's
        return 0

    def step(
        self,
        samples: NDArray[np.int16],
        state: int,
        *,
        partial: bool = True,  # noqa: ARG002 - the seam's
    ) -> tuple[Hypothesis | None, int]:
        return None, state + len(samples)

    def finish(self, state: int) -> tuple[Hypothesis, int]:
        end_s = state / RATE_HZ
        word = Word(f"said-at-{time.monotonic_ns()}", 0.0, end_s, 0.9)
        return Hypothesis((word,), end_s, 0.0, timed=True), state

    def stop(self) -> None:
        pass


def load_recognizer(_config: Config) -> WordByWord:
    return WordByWord()


def build_pipeline(config: Config, recognizer: WordByWord) -> Pipeline[int]:
    return Pipeline(config.gate, config.endpoint, LoudVad(), recognizer)


def build_capture(*arguments: Any, **rest: Any) -> Capture:
    return Capture(*arguments, **rest, opener=LoudOpener())


if __name__ == "__main__":
    wired: Any = app
    wired.build_pipeline, wired.Capture = build_pipeline, build_capture
    loaded: Any = loading
    loaded.load_recognizer, loaded.load_second_pass = load_recognizer, lambda _config: None
    words = [word for setting in SETTINGS for word in ("--set", setting)]
    raise SystemExit(main(["run", *sys.argv[1:], *words]))
