import contextlib
import io
import os
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.audio.replay import FileSource, StdinSource
from edge_asr.errors import AudioFileError
from tests.fakes import HandClock

NOISE = np.random.default_rng(3).integers(-32768, 32767, 4000).astype(np.int16)


def heard(source: FileSource | StdinSource) -> NDArray[np.int16]:
    chunks = list(source.chunks())
    assert [chunk.first_sample for chunk in chunks] == [
        sum(len(c.samples) for c in chunks[:n]) for n in range(len(chunks))
    ]
    assert {chunk.sample_rate_hz for chunk in chunks} == {source.sample_rate_hz}
    assert {chunk.stream_id for chunk in chunks} == {source.stream_id}
    return np.concatenate([chunk.samples for chunk in chunks])


def wav(samples: NDArray[np.int16], rate_hz: int = 16000, channels: int = 1, data_bytes: int | None = None) -> bytes:
    """A 16-bit PCM WAV; `data_bytes` is what its header says."""
    body = samples.astype("<i2").tobytes()
    size = len(body) if data_bytes is None else data_bytes
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate_hz, rate_hz * 2 * channels, 2 * channels, 16)
    return (
        b"RIFF"
        + struct.pack("<I", (36 + size) & 0xFFFFFFFF)
        + b"WAVE"
        + form
        + b"data"
        + struct.pack("<I", size)
        + body
    )


def fault(path: Path, channel: int | str = "mix") -> str:
    with pytest.raises(AudioFileError) as caught:
        list(FileSource(path, HandClock(), channel=channel).chunks())  # type: ignore[arg-type]
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "PCM_16"), ("a.flac", "PCM_16"), ("a.wav", "PCM_24")])
@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 44100, 96000])
def test_sixteen_bits_and_more_arrive_exactly(tmp_path: Path, name: str, subtype: str, rate_hz: int) -> None:
    soundfile.write(tmp_path / name, NOISE, rate_hz, subtype=subtype)
    source = FileSource(tmp_path / name, HandClock())
    assert np.array_equal(heard(source), NOISE)
    assert source.sample_rate_hz == rate_hz
    assert source.duration_s == pytest.approx(4000 / rate_hz)
    assert source.warning == ""
    assert np.array_equal(heard(source), NOISE)  # it may be read again


def test_eight_bits_arrive_as_the_upper_half(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", NOISE & -256, 16000, subtype="PCM_U8")
    assert np.array_equal(heard(FileSource(tmp_path / "a.wav", HandClock())), NOISE & -256)


def test_floats_are_scaled_and_clipped_and_never_wrap(tmp_path: Path) -> None:
    floats = np.array([0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -7.0, np.nan, np.inf, -np.inf], np.float32)
    soundfile.write(tmp_path / "a.wav", floats, 16000, subtype="FLOAT")
    expected = [0, 16384, -16384, 32767, -32768, 32767, -32768, 0, 32767, -32768]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert heard(FileSource(tmp_path / "a.wav", HandClock())).tolist() == expected


def test_eight_channels_are_mixed_or_picked(tmp_path: Path) -> None:
    frames = np.stack([NOISE // (n + 1) for n in range(8)], axis=1).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", frames, 48000)
    assert np.array_equal(heard(FileSource(tmp_path / "a.wav", HandClock(), channel=5)), NOISE // 6)
    mixed = heard(FileSource(tmp_path / "a.wav", HandClock()))
    assert np.array_equal(mixed, frames.astype(np.int64).sum(axis=1) // 8)
    assert "channels 0 to 7" in fault(tmp_path / "a.wav", channel=8)


@settings(max_examples=20, deadline=None)
@given(chunk_ms=st.integers(10, 200), count=st.integers(1, 4000))
def test_any_cutting_gives_the_same_samples(
    tmp_path_factory: pytest.TempPathFactory, chunk_ms: int, count: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "a.wav"
    path.write_bytes(wav(NOISE[:count]))
    assert np.array_equal(heard(FileSource(path, HandClock(), chunk_ms=chunk_ms)), NOISE[:count])
    stdin = StdinSource(io.BytesIO(NOISE[:count].tobytes()), HandClock(), chunk_ms=chunk_ms)
    assert np.array_equal(heard(stdin), NOISE[:count])


def test_the_stream_is_named_after_the_file_with_tame_letters(tmp_path: Path) -> None:
    path = tmp_path / "über uns, #1.wav"
    path.write_bytes(wav(NOISE))
    assert FileSource(path, HandClock()).stream_id == "_ber_uns_1"


def test_missing_empty_and_folders(tmp_path: Path) -> None:
    assert "is not there" in fault(tmp_path / "no.wav")
    (tmp_path / "empty.wav").write_bytes(b"")
    assert "is empty (0 bytes)" in fault(tmp_path / "empty.wav")
    assert "is a folder" in fault(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    assert "not a regular file" in fault(tmp_path / "pipe.wav")


def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.wav"
    path.write_bytes(wav(NOISE))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read anything, so chmod proves nothing
    assert "cannot be read: Permission denied" in fault(path)


@pytest.mark.parametrize(
    "content",
    [b"hello, this is text\n" * 20, b"RIFF", wav(NOISE)[:20], wav(NOISE)[:40], b"fLaC\0\0\0", b"\0" * 5000, b"x"],
    ids=["text", "magic", "half header", "no data chunk", "flac head", "zeros", "one byte"],
)
def test_what_is_not_audio(tmp_path: Path, content: bytes) -> None:
    for name in ("a.wav", "a.raw", "a.flac", "a"):
        (tmp_path / name).write_bytes(content)
        fault(tmp_path / name)


def test_a_header_without_samples(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(NOISE[:0]))
    assert "no samples" in fault(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(wav(NOISE)[:44])
    assert "no samples" in fault(tmp_path / "b.wav")


@pytest.mark.parametrize("rate_hz", [0, 1, 3999, 800_000])
def test_an_impossible_rate(tmp_path: Path, rate_hz: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav(NOISE, rate_hz=rate_hz))
    fault(tmp_path / "a.wav")


def test_a_wav_that_is_cut_off_is_used_as_far_as_it_goes_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(NOISE)[: 44 + 2 * 1000])
    source = FileSource(path, HandClock())
    assert np.array_equal(heard(source), NOISE[:1000])
    assert source.warning == f"'{path}' is cut off: 2000 of 8000 bytes of samples are there and are used"


def test_a_flac_that_is_cut_off_is_used_as_far_as_it_goes_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    long = np.tile(NOISE, 20)
    soundfile.write(path, long, 16000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = FileSource(path, HandClock())
    samples = heard(source)
    assert 0 < len(samples) < len(long)
    assert np.array_equal(samples, long[: len(samples)])
    assert "is cut off" in source.warning


def test_a_wav_of_unknown_length_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(NOISE, data_bytes=0xFFFFFFFF))
    source = FileSource(tmp_path / "a.wav", HandClock())
    assert np.array_equal(heard(source), NOISE)
    assert source.warning == ""


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_is_the_one_kind_of_error_or_audio_and_never_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(wav(NOISE[:200], channels=data.draw(st.integers(1, 3))))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, 60))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    path = tmp_path_factory.mktemp("damage") / "a.wav"
    path.write_bytes(cut)
    for source in (lambda: FileSource(path, HandClock()), lambda: StdinSource(io.BytesIO(cut), HandClock())):
        with contextlib.suppress(AudioFileError):
            heard(source())


def test_standard_input_raw_with_the_given_shape() -> None:
    frames = np.stack([NOISE, -(NOISE // 2)], axis=1).astype(np.int16)
    source = StdinSource(io.BytesIO(frames.tobytes()), HandClock(), sample_rate_hz=44100, channels=2, channel=1)
    assert np.array_equal(heard(source), frames[:, 1])
    assert source.sample_rate_hz == 44100


@pytest.mark.parametrize("data_bytes", [None, 0, 0xFFFFFFFF])
def test_standard_input_wav_tells_its_own_shape(data_bytes: int | None) -> None:
    stdin = io.BytesIO(wav(NOISE, rate_hz=22050, channels=2, data_bytes=data_bytes))
    source = StdinSource(stdin, HandClock(), sample_rate_hz=8000, channel=0)
    assert np.array_equal(heard(source), NOISE[::2])
    assert (source.sample_rate_hz, source.channels, source.warning) == (22050, 2, "")


def test_standard_input_stops_where_the_samples_of_a_wav_stop() -> None:
    source = StdinSource(io.BytesIO(wav(NOISE) + b"LIST" + b"\x7f" * 400), HandClock())
    assert np.array_equal(heard(source), NOISE)


def test_standard_input_that_ends_early_says_so() -> None:
    source = StdinSource(io.BytesIO(wav(NOISE)[: 44 + 1601]), HandClock())
    assert np.array_equal(heard(source), NOISE[:800])
    assert source.warning.startswith("standard input is cut off: 0.20 s")
    odd = StdinSource(io.BytesIO(NOISE.tobytes() + b"\x01"), HandClock())
    assert np.array_equal(heard(odd), NOISE)
    assert "within a sample" in odd.warning


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no samples"),
        (b"\0", "no samples"),
        (wav(NOISE[:0]), "no samples"),
        (wav(NOISE)[:30], "ends within the header"),
        (wav(NOISE).replace(b"WAVE", b"AVI "), "no RIFF/WAVE header"),
        (wav(NOISE, rate_hz=1), "a sample rate of 1 Hz"),
        (wav(NOISE, channels=200), "200 channels"),
    ],
)
def test_standard_input_that_is_no_audio(content: bytes, words: str) -> None:
    with pytest.raises(AudioFileError, match=words):
        list(StdinSource(io.BytesIO(content), HandClock()).chunks())


def test_standard_input_of_another_width_names_the_way_out(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", NOISE, 16000, subtype="PCM_24")
    with pytest.raises(AudioFileError, match=r"24 bits.*ffmpeg"):
        list(StdinSource(io.BytesIO((tmp_path / "a.wav").read_bytes()), HandClock()).chunks())


def test_a_live_pipe_is_handed_on_chunk_by_chunk() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stdin, os.fdopen(writer, "wb", buffering=0) as out:
        chunks = StdinSource(stdin, HandClock()).chunks()
        for n in range(3):
            out.write(NOISE[320 * n : 320 * (n + 1)].tobytes())
            assert np.array_equal(next(chunks).samples, NOISE[320 * n : 320 * (n + 1)])
