"""The head of a RIFF/WAVE stream, read forwards only, so that it works on a pipe."""

import struct
from dataclasses import dataclass
from typing import IO

PCM = 0x0001
_EXTENSIBLE = 0xFFFE
_FORMAT_BYTES = 16
_MAX_CHUNK_BYTES = 1 << 20  # of the chunks before the samples; a larger one is no header
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)  # what a writer to a pipe puts there


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What stands before the samples."""

    format_tag: int
    channels: int
    sample_rate_hz: int
    bits: int
    data_bytes: int | None  # None: to the end of the stream


def read_wav_header(stream: IO[bytes], magic: bytes) -> WavHeader:
    """Header of a stream of which `magic`, the first 4 bytes, is read already; leaves it at the first sample.

    Raises ValueError with the fault as text.
    """
    if magic != b"RIFF" or _exactly(stream, 8)[4:] != b"WAVE":
        raise ValueError("no RIFF/WAVE header")
    fmt: tuple[int, int, int, int] | None = None
    while True:
        name, size = struct.unpack("<4sI", _exactly(stream, 8))
        if name == b"data":
            if fmt is None:
                raise ValueError("the samples come before their format")
            return WavHeader(*fmt, data_bytes=None if size in _UNKNOWN_SIZES else size)
        if size > _MAX_CHUNK_BYTES:
            raise ValueError(f"a header chunk of {size} bytes")
        body = _exactly(stream, size + size % 2)
        if name == b"fmt ":
            fmt = _format(body)


def _format(body: bytes) -> tuple[int, int, int, int]:
    if len(body) < _FORMAT_BYTES:
        raise ValueError(f"a format of {len(body)} bytes")
    tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:_FORMAT_BYTES])
    if tag == _EXTENSIBLE and len(body) >= 26:
        (tag,) = struct.unpack("<H", body[24:26])
    return tag, channels, rate, bits


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise ValueError("it ends within the header")
    return data
