"""Recordings that libsndfile does not know, MP4 and Matroska among them: ffmpeg reads them, where it is installed.

Its sound comes through a pipe, never whole in memory and never on a disk. Only files are opened by it: a playlist in
the guise of a recording must not lead out of the house.
"""

import re
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from edge_asr.audio.channels import Channel, to_mono
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.replay import FileSource, check_shape, stream_id_of
from edge_asr.audio.wav_header import WavHeader, read_wav_header
from edge_asr.clock import Clock
from edge_asr.errors import AudioFileError, UnknownFormatError

PROGRAM = "ffmpeg"
_ONLY_FILES = ("-protocol_whitelist", "file,pipe,crypto,data")
_LINE_CHARS = 200
_PROBE_DEADLINE_S = 20.0
_PART = re.compile(r"^(\[[^]]* @ 0x[0-9a-f]+\] )+")  # of it that speaks, and where it lies in memory
_DURATION = re.compile(r"^\s*Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)


class ContainerSource:
    """The first sound track of a file, as ffmpeg decodes it. AudioSource.

    The constructor raises AudioFileError when ffmpeg is not installed; `chunks` does when it finds no sound.
    `warning` as in FileSource: what it has said of a damaged file.
    """

    def __init__(self, path: Path, clock: Clock, chunk_ms: int = 20, channel: Channel = "mix") -> None:
        self._path = path
        self._clock = clock
        self._chunk_ms = chunk_ms
        self._channel: Channel = channel
        self._program = _installed()
        self.stream_id = stream_id_of(path)
        self.warning = ""

    def chunks(self) -> Iterator[AudioChunk]:
        """Mono chunks from the first sample to the last one; may be called again."""
        words = [*_beginning(self._program, self._path), "-map", "0:a:0", "-vn", "-sn", "-dn"]
        words += ["-c:a", "pcm_s16le", "-f", "wav", "-"]
        said: deque[str] = deque(maxlen=1)
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            assert child.stdout is not None  # noqa: S101 - for the type checker: they are pipes
            assert child.stderr is not None  # noqa: S101
            reader = threading.Thread(target=_keep_last, args=(child.stderr, said), daemon=True)
            reader.start()
            try:
                heard = yield from self._decoded(child.stdout)
            finally:
                child.kill()
                reader.join()
        fault = _fault(said)
        if not heard:
            raise AudioFileError(
                f"'{self._path}' has no sound that {PROGRAM} can read ({fault or 'it says nothing'}); check the file"
            )
        if fault:
            self.warning = f"'{self._path}' is damaged ({fault}); {heard:.2f} s could be read and were used"

    def _decoded(self, stream: IO[bytes]) -> Generator[AudioChunk, None, float]:
        """Chunks of a WAV stream; returns its seconds, 0.0 when it is none."""
        try:
            header = read_wav_header(stream, stream.read(4))
        except ValueError:
            return 0.0
        return (yield from self._chunks(stream, header))

    def _chunks(self, stream: IO[bytes], header: WavHeader) -> Generator[AudioChunk, None, float]:
        rate_hz, frame_bytes = header.sample_rate_hz, 2 * header.channels
        check_shape(str(self._path), rate_hz, header.channels, self._channel)
        first_sample = 0
        while data := stream.read(rate_hz * self._chunk_ms // 1000 * frame_bytes):
            whole = len(data) - len(data) % frame_bytes
            if not whole:
                break
            mono = to_mono(np.frombuffer(data[:whole], "<i2").astype(np.int16), header.channels, self._channel)
            yield AudioChunk(self.stream_id, first_sample, mono, rate_hz, self._clock.monotonic_ns())
            first_sample += len(mono)
        return first_sample / rate_hz


def open_recording(path: Path, clock: Clock, channel: Channel) -> FileSource | ContainerSource:
    """Whoever reads this file. Raises AudioFileError, also when it would take ffmpeg and there is none."""
    try:
        return FileSource(path, clock, channel=channel)
    except UnknownFormatError as error:
        if shutil.which(PROGRAM) is None:
            raise AudioFileError(f"{error}; where {PROGRAM} is installed, it is read as it is") from None
        return ContainerSource(path, clock, channel=channel)


def duration_s(path: Path, clock: Clock) -> float:
    """How long a recording says it is, for a progress bar; 0.0 where nobody knows."""
    try:
        return FileSource(path, clock).duration_s
    except UnknownFormatError:
        return _told_by_program(path)
    except AudioFileError:
        return 0.0


def _told_by_program(path: Path) -> float:
    if (program := shutil.which(PROGRAM)) is None:
        return 0.0
    words = [program, "-nostdin", "-hide_banner", *_ONLY_FILES, "-i", f"file:{path}"]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0.0
    found = _DURATION.search(done.stderr.decode(errors="replace"))
    return 0.0 if found is None else 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3])


def _installed() -> str:
    program = shutil.which(PROGRAM)
    if program is None:
        raise AudioFileError(f"{PROGRAM} is not installed; install it, or convert the recording to WAV or FLAC")
    return program


def _beginning(program: str, path: Path) -> Sequence[str]:
    return [program, "-nostdin", "-hide_banner", "-v", "error", "-threads", "1", *_ONLY_FILES, "-i", f"file:{path}"]


def _keep_last(stream: IO[bytes], said: "deque[str]") -> None:
    for line in stream:
        if text := line.decode(errors="replace").strip():
            said.append(text)


def _fault(said: "deque[str]") -> str:
    return f"{PROGRAM}: {_PART.sub('', said[-1])[:_LINE_CHARS]}" if said else ""
