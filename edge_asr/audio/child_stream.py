"""A microphone that is read by a program of its own: what hangs in a sound library hangs there, not here."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from edge_asr.audio.channels import Channel, to_mono
from edge_asr.audio.child_process import ChildProcess
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.sample_format import SampleFormat, bytes_per_sample, to_int16
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.metrics import Metrics

_AU_MAGIC = b"dns."  # little-endian Sun audio
_OVERRUN = re.compile(r"overrun!!!.*?(?P<ms>-?\d+(\.\d+)?) ms")
_OTHER_RATE = "rate is not accurate"


@dataclass(frozen=True, slots=True)
class Recorder:
    """A program that writes samples to its standard output, and what they look like."""

    words: tuple[str, ...]
    sample_rate_hz: int
    channels: int
    sample_format: SampleFormat = "S16_LE"
    variables: Mapping[str, str] = field(default_factory=dict)  # added to the environment


class RawStream(Protocol):
    """What reads a microphone, whoever does it."""

    @property
    def active(self) -> bool:
        """False when it has ended by itself."""
        ...

    @property
    def last_chunk_ns(self) -> int | None:
        """Monotonic time of the newest chunk, None before the first."""
        ...

    @property
    def why_ended(self) -> str:
        """Why it has ended by itself; empty when that is not known."""
        ...


class ChildStream:
    """One run of a recorder; chunks come from its thread. `wake` is called when it has ended by itself."""

    def __init__(
        self,
        recorder: Recorder,
        stream_id: str,
        channel: Channel,
        chunk_samples: int,
        deliver: Callable[[AudioChunk], None],
        clock: Clock,
        metrics: Metrics,
        wake: Callable[[], None],
    ) -> None:
        self._recorder = recorder
        self._stream_id = stream_id
        self._channel: Channel = channel
        self._deliver = deliver
        self._clock = clock
        self._metrics = metrics
        self._wake = wake
        self._begun_ns = clock.monotonic_ns()
        self._chunk_samples = chunk_samples
        self._chunk_bytes = chunk_samples * recorder.channels * bytes_per_sample(recorder.sample_format)
        self._bytes = bytearray()
        self._head_is_due = True
        self._next_sample = 0
        self._fault = ""
        self._detached = False
        self._ended = False
        self.last_chunk_ns: int | None = None
        self.begun = threading.Event()  # set by the first chunk, and by the end
        self._child = ChildProcess(recorder.words, self._take, self._heard, self._on_end, recorder.variables)

    @property
    def active(self) -> bool:
        """Whether the program runs."""
        return not self._ended

    @property
    def why_ended(self) -> str:
        """Its last words."""
        return self._fault or self._child.reason

    @property
    def pid(self) -> int:
        """Process of the recorder; 0 before it is started."""
        return self._child.pid

    @property
    def gone(self) -> bool:
        """Whether nothing of it is left."""
        return self._child.gone

    def close(self, deadline_s: float) -> bool:
        """Deliver nothing from now on, and end it; False when it was left behind."""
        self._detached = True
        return self._child.close(deadline_s)

    def _take(self, data: bytes) -> None:
        self._bytes += data
        if self._head_is_due and not self._head_is_off():
            return
        while len(self._bytes) >= self._chunk_bytes and not self._detached:
            block = bytes(self._bytes[: self._chunk_bytes])
            del self._bytes[: self._chunk_bytes]
            self._hand_on(block)

    def _head_is_off(self) -> bool:
        """Newer versions of pw-record put a header of Sun's audio files before the samples, of which they tell."""
        if self._bytes[:4] != _AU_MAGIC[: len(self._bytes)]:
            self._head_is_due = False
        elif len(self._bytes) >= 8:
            size = int.from_bytes(self._bytes[4:8], "little")
            if len(self._bytes) >= size:
                del self._bytes[:size]
                self._head_is_due = False
        return not self._head_is_due

    def _hand_on(self, block: bytes) -> None:
        now_ns = self._clock.monotonic_ns()
        recorder = self._recorder
        samples = to_mono(to_int16(block, recorder.sample_format), recorder.channels, self._channel)
        chunk = AudioChunk(self._stream_id, self._next_sample, samples, recorder.sample_rate_hz, now_ns)
        self._next_sample = chunk.end_sample
        self.last_chunk_ns = now_ns
        self._deliver(chunk)
        self.begun.set()

    def _heard(self, line: str) -> None:
        """What arecord says of itself while it runs."""
        overrun = _OVERRUN.search(line)
        if overrun is not None:
            missing_s = self._missing_s(float(overrun["ms"]) / 1000.0)
            self._next_sample += round(missing_s * self._recorder.sample_rate_hz)  # the reader sees a gap
            self._metrics.audio_dropped_seconds.labels(reason="overflow").inc(missing_s)
        elif _OTHER_RATE in line:
            self._fault = f"{self._recorder.words[0]}: {line}"  # at another rate every word would be misheard
            self._ended = self._detached = True
            self.begun.set()
            self._wake()

    def _missing_s(self, told_s: float) -> float:
        """Some drivers do not stamp an overrun, and it has lasted since 1970: then it was a chunk, as a guess."""
        lives_s = (self._clock.monotonic_ns() - self._begun_ns) / NS_PER_S
        if 0.0 < told_s <= lives_s:
            return told_s
        return self._chunk_samples / self._recorder.sample_rate_hz

    def _on_end(self) -> None:
        self._ended = True
        self.begun.set()
        if not self._detached:
            self._wake()
