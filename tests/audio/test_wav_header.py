import io
import struct

import pytest

from edge_asr.audio.wav_header import PCM, WavHeader, read_wav_header


def riff(*chunks: tuple[bytes, bytes]) -> io.BytesIO:
    """Stream behind its first four bytes."""
    body = b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return io.BytesIO(struct.pack("<I", 4 + len(body)) + b"WAVE" + body)


FMT = struct.pack("<HHIIHH", PCM, 2, 44100, 176400, 4, 16)


def test_other_chunks_are_passed_over_odd_ones_too() -> None:
    stream = riff((b"LIST", b"odd"), (b"fmt ", FMT), (b"fact", b"1234"), (b"data", b"samples!"))
    assert read_wav_header(stream, b"RIFF") == WavHeader(PCM, 2, 44100, 16, 8)
    assert stream.read() == b"samples!"


def test_the_extensible_format_tells_its_real_tag() -> None:
    extensible = struct.pack("<HHIIHHHHIH", 0xFFFE, 2, 44100, 176400, 4, 16, 22, 16, 3, PCM) + b"\0" * 14
    header = read_wav_header(riff((b"fmt ", extensible), (b"data", b"1234")), b"RIFF")
    assert header.format_tag == PCM


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (riff((b"data", b"1234")), "come before their format"),
        (riff((b"fmt ", FMT[:8]), (b"data", b"1234")), "a format of 8 bytes"),
        (riff((b"fmt ", FMT)), "ends within the header"),
        (io.BytesIO(b"\0\0\0\0WAVEjunk\xff\xff\xff\x7f"), "a header chunk of 2147483647 bytes"),
        (io.BytesIO(b"\0\0\0\0AIFF"), "no RIFF/WAVE header"),
    ],
)
def test_faults_are_named(stream: io.BytesIO, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_wav_header(stream, b"RIFF")


def test_another_magic_is_no_wav() -> None:
    with pytest.raises(ValueError, match="no RIFF/WAVE header"):
        read_wav_header(riff((b"fmt ", FMT), (b"data", b"12")), b"fLaC")
