"""Standard input or a file in the place of a microphone, at the pace of real time.

It is heard once: at its end it is gone, as a microphone is that was pulled out, and the state says so. While muted it
goes on and nobody listens.
"""

import contextlib
import io
import logging
import threading
from collections.abc import Callable, Iterator

from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.devices import Microphone
from edge_asr.audio.opener import Deliver
from edge_asr.audio.replay import FileSource, StdinSource
from edge_asr.audio.standard_input import WakeableInput
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.config import AudioConfig
from edge_asr.errors import AudioFileError, CaptureError, ConfigError
from edge_asr.secret_file import expand

log = logging.getLogger(__name__)

STDIN, FILE = "stdin", "file:"
# Who pipes a recording in is held back, or the ring would overflow; who pipes a microphone in, whose clock may be a
# little faster than ours, is not.
_STDIN_PACE = 1.02
_STDIN_AHEAD_S = 2.0
_BEGIN_S = 0.5  # in which standard input that is no audio says so
_STOP_S = 0.5


class PlayedOpener:
    """Opener. One thread plays, from the first opening to the end; the capture thread opens and closes."""

    def __init__(self, config: AudioConfig, clock: Clock, open_stdin: Callable[[], WakeableInput]) -> None:
        self._config = config
        self._clock = clock
        self._open_stdin = open_stdin
        self._raw: WakeableInput | None = None
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._begun = threading.Event()
        self._stream: PlayedStream | None = None
        self._wake: Callable[[bool], None] = lambda _: None
        self.ended = ""  # the reason, when it has

    @property
    def hangs(self) -> bool:
        """Nothing here does."""
        return False

    def start(self, on_change: Callable[[bool], None]) -> None:
        """Nothing comes and goes but the end, of which `on_change(False)` tells."""
        self._wake = on_change

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        if self._raw is not None:
            self._raw.wake()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def let_pass(self) -> None:
        """A pipe keeps what nobody reads: one that is muted before it was ever opened is played all the same."""
        if self._config.source == STDIN and not self.ended:
            with contextlib.suppress(CaptureError):  # the opening says it
                self._begin()

    def choose(self) -> Microphone:
        """It. Raises CaptureError when it has ended, or is no audio."""
        if self.ended:
            raise CaptureError(self.ended)
        source = self._config.source
        if source == STDIN:
            return Microphone(
                "stdin", STDIN, "standard input", STDIN, self._config.stdin_rate_hz, self._config.stdin_channels
            )
        file = self._file()
        path = source.removeprefix(FILE)
        return Microphone("file", path, f"file {path}", source, file.sample_rate_hz, file.channels)

    def give_up(self) -> None:
        """Nothing here takes long."""

    def open(self, microphone: Microphone, stream_id: str, deliver: Deliver) -> "PlayedStream":  # noqa: ARG002 - the seam's
        """Listen to it from where it is."""
        stream = PlayedStream(self, stream_id, deliver, self._clock)
        self._stream = stream
        if self._begin():
            self._begun.wait(_BEGIN_S)
        if self.ended:
            raise CaptureError(self.ended)
        return stream

    def _begin(self) -> bool:
        """Let it play; False when it does already. Raises CaptureError when there is nothing to play."""
        if self._thread is not None:
            return False
        chunks = self._chunks()
        self._thread = threading.Thread(target=self._play, args=(chunks,), name="player", daemon=True)
        self._thread.start()
        return True

    def forget(self, stream: "PlayedStream") -> None:
        """Nobody listens any more."""
        if self._stream is stream:
            self._stream = None

    def _file(self) -> FileSource:
        config = self._config
        try:
            path = expand(config.source.removeprefix(FILE), "audio.source")
            return FileSource(path, self._clock, config.chunk_ms, config.channel)
        except (AudioFileError, ConfigError) as error:
            raise CaptureError(str(error)) from None

    def _chunks(self) -> Iterator[AudioChunk]:
        """What is to be played, at its pace."""
        config = self._config
        if config.source != STDIN:
            return self._paced(self._file().chunks(), pace=1.0, ahead_s=0.0)
        self._raw = self._open_stdin()
        source = StdinSource(
            io.BufferedReader(self._raw),
            self._clock,
            sample_rate_hz=config.stdin_rate_hz,
            channels=config.stdin_channels,
            chunk_ms=config.chunk_ms,
            channel=config.channel,
        )
        return self._paced(source.chunks(), pace=_STDIN_PACE, ahead_s=_STDIN_AHEAD_S)

    def _paced(self, chunks: Iterator[AudioChunk], *, pace: float, ahead_s: float) -> Iterator[AudioChunk]:
        """Each chunk not before its last sample would have been spoken, less `ahead_s`."""
        begin_ns = self._clock.monotonic_ns()
        for chunk in chunks:
            due_s = chunk.end_sample / chunk.sample_rate_hz / pace - ahead_s
            wait_s = due_s - (self._clock.monotonic_ns() - begin_ns) / NS_PER_S
            if self._stopped.wait(max(0.0, wait_s)):
                return
            yield chunk

    def _play(self, chunks: Iterator[AudioChunk]) -> None:
        reason = f"{self._name()} has ended; restart edge-asr to hear more"
        try:
            for chunk in chunks:
                stream = self._stream
                if stream is not None:
                    stream.take(chunk)
                self._begun.set()
        except (AudioFileError, OSError) as error:
            reason = str(error)
        finally:
            if self._raw is not None:
                self._raw.close()
            self.ended = reason
            self._begun.set()
            if not self._stopped.is_set():
                self._wake(False)

    def _name(self) -> str:
        return "standard input" if self._config.source == STDIN else f"'{self._config.source}'"


class PlayedStream:
    """MicrophoneStream: one time of listening. `take` is called in the player's thread."""

    def __init__(self, opener: PlayedOpener, stream_id: str, deliver: Deliver, clock: Clock) -> None:
        self._opener = opener
        self._stream_id = stream_id
        self._deliver = deliver
        self._clock = clock
        self._next_sample = 0
        self._closed = False
        self.last_chunk_ns: int | None = None

    @property
    def active(self) -> bool:
        """Whether there is more."""
        return not self._opener.ended

    @property
    def why_ended(self) -> str:
        """That it was all, or what was wrong with it."""
        return self._opener.ended

    def take(self, chunk: AudioChunk) -> None:
        """Hand it on as a chunk of this stream."""
        if self._closed:
            return
        now_ns = self._clock.monotonic_ns()
        mine = AudioChunk(self._stream_id, self._next_sample, chunk.samples, chunk.sample_rate_hz, now_ns)
        self._next_sample = mine.end_sample
        self.last_chunk_ns = now_ns
        self._deliver(mine)

    def moved_to(self) -> str | None:
        """It stays where it is."""
        return None

    def gain(self) -> int | None:
        """It has none."""
        return None

    def set_gain(self, percent: int) -> int:
        """Raises CaptureError."""
        raise CaptureError(f"what is played from a file or standard input has no volume to set to {percent} %")

    def close(self, deadline_s: float) -> None:  # noqa: ARG002 - the seam's
        """Deliver nothing afterwards; the player goes on."""
        self._closed = True
        self._opener.forget(self)
