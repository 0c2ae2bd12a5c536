"""Audio that is not live: a file, or standard input."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile

from edge_asr.audio.channels import Channel, channel_fault, to_mono
from edge_asr.audio.chunk import AudioChunk, Samples
from edge_asr.audio.sample_format import float_to_int16
from edge_asr.audio.wav_header import PCM, WavHeader, read_wav_header
from edge_asr.clock import Clock
from edge_asr.errors import AudioFileError, UnknownFormatError

MIN_RATE_HZ = 4000
MAX_RATE_HZ = 768_000
MAX_CHANNELS = 64
_CONVERT = "convert it, for example: ffmpeg -i {} -c:a pcm_s16le out.wav"


class FileSource:
    """A WAV or FLAC file (or what else libsndfile reads), never whole in memory. AudioSource.

    The constructor reads the header and raises AudioFileError, as UnknownFormatError where another program may read it;
    `chunks` raises it when the file is damaged before its first sample. Any width (8, 16, 24, 32 bits, float) comes
    out as int16; too loud is clipped.
    `warning` is one line about a fault that was survived, known at the latest when `chunks` ends; else empty.
    """

    def __init__(self, path: Path | str, clock: Clock, chunk_ms: int = 20, channel: Channel = "mix") -> None:
        self._path = Path(path)
        self._clock = clock
        self._channel: Channel = channel
        _check_readable(self._path)
        with _opened(self._path) as file:
            self.sample_rate_hz = int(file.samplerate)
            self.channels = int(file.channels)
            self._declared_samples = int(file.frames)
        check_shape(str(self._path), self.sample_rate_hz, self.channels, channel)
        if self._declared_samples == 0:
            raise AudioFileError(f"'{self._path}' has a header and no samples; record it again")
        self._chunk_samples = self.sample_rate_hz * chunk_ms // 1000
        self.duration_s = self._declared_samples / self.sample_rate_hz
        self.stream_id = stream_id_of(self._path)
        self.warning = _missing_wav_data(self._path)

    def chunks(self) -> Iterator[AudioChunk]:
        """Mono chunks from the first sample to the last one; may be called again."""
        first_sample = 0
        fault = ""
        with _opened(self._path) as file:
            while True:
                try:
                    block = read_int16(file, self._chunk_samples)
                except soundfile.LibsndfileError as error:
                    fault = str(error.error_string)
                    break
                if len(block) == 0:
                    break
                mono = to_mono(block, self.channels, self._channel)
                yield AudioChunk(self.stream_id, first_sample, mono, self.sample_rate_hz, self._clock.monotonic_ns())
                first_sample += len(mono)
        if first_sample == 0:
            raise AudioFileError(f"'{self._path}' has no sample that can be read ({fault or 'it is cut off'})")
        if first_sample < self._declared_samples and not self.warning:
            self.warning = (
                f"'{self._path}' is cut off: {first_sample / self.sample_rate_hz:.2f} s of "
                f"{self.duration_s:.2f} s are there and were used"
            )


class StdinSource:
    """Raw s16le, or a 16-bit PCM WAV that tells its own rate and channels. AudioSource, read once.

    A pipe in real time is read in real time: each chunk is handed on when it is complete. `warning` as in FileSource.
    """

    stream_id = "stdin"

    def __init__(
        self,
        stream: BinaryIO,
        clock: Clock,
        *,
        sample_rate_hz: int = 16000,
        channels: int = 1,
        chunk_ms: int = 20,
        channel: Channel = "mix",
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._channel: Channel = channel
        self._chunk_ms = chunk_ms
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self.warning = ""

    def chunks(self) -> Iterator[AudioChunk]:
        """Mono chunks until the end of the input. Raises AudioFileError when there is none, or it is not audio."""
        head = self._stream.read(4)
        left: int | None = None  # bytes of samples, when they are told
        if head == b"RIFF":
            left = self._take_header(head).data_bytes
            head = b""
        check_shape("standard input", self.sample_rate_hz, self.channels, self._channel)
        frame_bytes = 2 * self.channels
        chunk_bytes = self.sample_rate_hz * self._chunk_ms // 1000 * frame_bytes
        first_sample = 0
        while True:
            wanted = chunk_bytes - len(head)
            data = head + self._stream.read(wanted if left is None else min(wanted, left))
            head = b""
            if left is not None:
                left -= len(data)
            whole = len(data) - len(data) % frame_bytes
            if whole:
                mono = to_mono(np.frombuffer(data[:whole], "<i2").astype(np.int16), self.channels, self._channel)
                yield AudioChunk(self.stream_id, first_sample, mono, self.sample_rate_hz, self._clock.monotonic_ns())
                first_sample += len(mono)
            if len(data) < chunk_bytes:
                self._warn(left, len(data) - whole)
                break
        if first_sample == 0:
            raise AudioFileError("standard input has no samples; give 16-bit WAV or raw s16le")

    def _take_header(self, magic: bytes) -> WavHeader:
        try:
            header = read_wav_header(self._stream, magic)
        except ValueError as error:
            raise AudioFileError(f"standard input begins like a WAV file, but: {error}") from None
        if (header.format_tag, header.bits) != (PCM, 16):
            raise AudioFileError(
                f"standard input is WAV of format {header.format_tag} with {header.bits} bits; only 16-bit PCM is read "
                f"from a pipe; {_CONVERT.format('-')}"
            )
        self.sample_rate_hz, self.channels = header.sample_rate_hz, header.channels
        return header

    def _warn(self, missing_bytes: int | None, odd_bytes: int) -> None:
        if missing_bytes:
            seconds = missing_bytes / (2 * self.channels * self.sample_rate_hz)
            self.warning = f"standard input is cut off: {seconds:.2f} s that its header promises did not come"
        elif odd_bytes:
            self.warning = f"standard input ends within a sample: the last {odd_bytes} byte(s) are not used"


def stream_id_of(path: Path) -> str:
    """Stream of a file, by its name; not unique."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", path.stem)[:32] or "file"


def _check_readable(path: Path) -> None:
    try:
        if not path.exists():
            raise AudioFileError(f"'{path}' is not there; check the name")
        if path.is_dir():
            raise AudioFileError(f"'{path}' is a folder; name the files in it, for example {path}/*.wav")
        if not path.is_file():
            raise AudioFileError(f"'{path}' is not a regular file; pipe it in and name it -")
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise AudioFileError(f"'{path}' cannot be read: {error.strerror}; check who may read it") from None
    if empty:
        raise AudioFileError(f"'{path}' is empty (0 bytes); record or copy it again")


def _opened(path: Path) -> Any:
    try:
        return soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: by its name it would be headerless
        why = error.error_string if isinstance(error, soundfile.LibsndfileError) else "raw samples without a header"
        raise UnknownFormatError(f"'{path}' is not audio that can be read ({why}); {_CONVERT.format(path)}") from None


def check_shape(name: str, sample_rate_hz: int, channels: int, channel: Channel) -> None:
    """Raise AudioFileError for a shape that nobody hears."""
    if not MIN_RATE_HZ <= sample_rate_hz <= MAX_RATE_HZ:
        raise AudioFileError(
            f"{name!r}: a sample rate of {sample_rate_hz} Hz, expected {MIN_RATE_HZ} to {MAX_RATE_HZ}; convert it"
        )
    if not 1 <= channels <= MAX_CHANNELS:
        raise AudioFileError(f"{name!r}: {channels} channels, expected 1 to {MAX_CHANNELS}; convert it")
    fault = channel_fault(channel, channels)
    if fault:
        raise AudioFileError(f"{name!r}: {fault}")


def read_int16(file: Any, count: int) -> Samples:
    """Interleaved int16 of shape (n * channels,), n <= count."""
    if file.subtype == "PCM_16":
        exact: Samples = file.read(count, dtype="int16", always_2d=True).reshape(-1)
        return exact
    # libsndfile does not scale floats to integers, and wraps what is too loud.
    wide = file.read(count, dtype="float32", always_2d=True).reshape(-1)
    return float_to_int16(wide)


def _missing_wav_data(path: Path) -> str:
    """Warning when a WAV file is shorter than its header says: libsndfile uses what is there without a word."""
    with path.open("rb") as file:
        try:
            header = read_wav_header(file, file.read(4))
        except ValueError:
            return ""  # another format, or so odd that libsndfile's word counts
        present = path.stat().st_size - file.tell()
    if header.data_bytes is None or present >= header.data_bytes:
        return ""
    return f"'{path}' is cut off: {present} of {header.data_bytes} bytes of samples are there and are used"
