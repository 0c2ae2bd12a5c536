"""A recording that was sent: read from memory, block by block, never written anywhere."""

import io
from collections.abc import Iterator

import soundfile

from edge_asr.audio.channels import to_mono
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.replay import check_shape, read_int16
from edge_asr.clock import Clock
from edge_asr.errors import AudioFileError

_CHUNK_MS = 200
_LONGEST_S = 2 * 3600  # a small file may hold days of silence
_NAME = "the file"


class _Memory(io.BytesIO):
    """A file that does not move when a damaged header sends it before its beginning: the library looks where it is."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move, if that can be."""
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


class RecordingSource:
    """Whatever libsndfile reads: WAV, FLAC, Ogg, MP3 and others."""

    live = False

    def __init__(self, stream_id: str, body: bytes, clock: Clock) -> None:
        self._stream_id = stream_id
        self._body = body
        self._clock = clock
        self._wanted = True

    def give_up(self) -> None:
        """Read no further."""
        self._wanted = False

    def chunks(self) -> Iterator[AudioChunk]:
        """Mono chunks from the first sample to the last that can be read; raises AudioFileError when there is none."""
        try:
            with soundfile.SoundFile(_Memory(self._body)) as file:
                yield from self._chunks(file)
        except (soundfile.LibsndfileError, TypeError) as error:
            why = error.error_string if isinstance(error, soundfile.LibsndfileError) else "no header"
            raise AudioFileError(
                f"{_NAME} is not audio that can be read ({why}); send WAV, FLAC, Ogg or MP3, for example what "
                "ffmpeg -i FILE out.flac writes"
            ) from None

    def _chunks(self, file: soundfile.SoundFile) -> Iterator[AudioChunk]:
        rate_hz, channels = int(file.samplerate), int(file.channels)
        check_shape(_NAME, rate_hz, channels, "mix")
        first_sample, most = 0, rate_hz * _CHUNK_MS // 1000
        while self._wanted:
            try:
                block = read_int16(file, most)
            except soundfile.LibsndfileError:
                break  # damaged from here on: what was before it is heard
            if not len(block):
                break
            mono = to_mono(block, channels, "mix")
            yield AudioChunk(self._stream_id, first_sample, mono, rate_hz, self._clock.monotonic_ns())
            first_sample += len(mono)
            if first_sample > _LONGEST_S * rate_hz:
                raise AudioFileError(f"{_NAME} is longer than {_LONGEST_S / 3600:g} h; send it in parts")
        if not first_sample and self._wanted:
            raise AudioFileError(f"{_NAME} has no sample that can be read")
