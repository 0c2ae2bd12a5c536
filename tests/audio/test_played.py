"""A file and standard input as what the daemon hears."""

import io
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
import pytest
import soundfile

from edge_asr.audio.capture import Capture
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.opener import SystemOpener
from edge_asr.audio.opening import opener_of
from edge_asr.audio.played import PlayedOpener
from edge_asr.audio.ring import Ring
from edge_asr.audio.source import CaptureState
from edge_asr.audio.standard_input import WakeableInput, open_stdin
from edge_asr.clock import SystemClock
from edge_asr.config import AudioConfig
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics
from tests.waiting import wait_until

SPOKEN = np.random.default_rng(3).integers(-20000, 20000, 16000).astype(np.int16)


class Ears:
    """A capture of something that is played."""

    def __init__(self, stdin: int | None = None, *, muted: bool = False, **settings: object) -> None:
        metrics = Metrics()
        self.ring = Ring(60.0, metrics)
        self.states: list[CaptureState] = []
        self.chunks: list[AudioChunk] = []
        config = AudioConfig(**{"reopen_min_s": 0.1, "reopen_max_s": 0.5, **settings})  # type: ignore[arg-type]

        def opened() -> WakeableInput:
            assert stdin is not None
            return WakeableInput(os.dup(stdin))

        opener = PlayedOpener(config, SystemClock(), opened)
        self.capture = Capture(config, self.ring, SystemClock(), metrics, self.states.append, opener=opener)
        if muted:
            self.capture.pause()
        self.capture.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.capture.stop(5.0)

    def until(self, condition: Callable[[], object], what: str) -> None:
        wait_until(condition, 10.0, f"{what} (it is {self.capture.state})")

    def samples(self) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
        while (chunk := self.ring.pop(0.0)) is not None:
            self.chunks.append(chunk)
        return np.concatenate([chunk.samples for chunk in self.chunks]) if self.chunks else np.empty(0, np.int16)

    def until_it_says(self, words: str) -> None:
        self.until(lambda: words in self.capture.state.reason, words)


def test_a_file_is_heard_once_in_real_time_and_then_gone(tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    soundfile.write(path, SPOKEN, 16000)
    before = threading.active_count()
    with Ears(source=f"file:{path}") as ears:
        ears.until_it_says(f"'file:{path}' has ended; restart edge-asr to hear more")
        assert np.array_equal(ears.samples(), SPOKEN)
        assert "healthy" in [state.status for state in ears.states]
        took_s = (ears.chunks[-1].captured_ns - ears.chunks[0].captured_ns) / 1e9
        assert took_s >= 0.9  # 980 ms between the first chunk and the last; later on a busy machine
        assert [chunk.first_sample for chunk in ears.chunks] == [320 * n for n in range(50)]
        assert ears.capture.healthy_or_backing_off
        time.sleep(0.5)
        assert len(ears.samples()) == len(SPOKEN)  # not again
    assert threading.active_count() == before


def test_while_muted_it_goes_on_unheard(tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    soundfile.write(path, np.tile(SPOKEN, 4), 16000)
    with Ears(source=f"file:{path}") as ears:
        ears.until(lambda: len(ears.samples()) > 0, "sound")
        ears.capture.pause()
        ears.until(lambda: ears.capture.state.status == "muted", "muted")
        heard = len(ears.samples())
        time.sleep(1.0)
        assert len(ears.samples()) == heard
        ears.capture.resume()
        ears.until(lambda: len(ears.samples()) > heard, "sound again")
        assert len({chunk.stream_id for chunk in ears.chunks}) == 2
        ears.until_it_says("has ended")
        assert heard < len(ears.samples()) <= 4 * 16000 - 0.9 * 16000


def test_what_is_piped_in_during_a_mute_that_came_before_the_start_is_not_heard_after_it() -> None:
    reader, writer = os.pipe()  # which would keep two seconds of it
    os.write(writer, np.full(16000, 7777, np.int16).tobytes())
    with Ears(reader, muted=True, source="stdin") as ears:
        ears.until(lambda: ears.capture.state.status == "muted", "muted")
        time.sleep(1.0)
        assert len(ears.samples()) == 0
        ears.capture.resume()
        ears.until_it_says("waiting for the first samples")
        os.write(writer, SPOKEN.tobytes())
        ears.until(lambda: len(ears.samples()) >= len(SPOKEN), "sound")
        assert np.array_equal(ears.samples(), SPOKEN)
    os.close(reader)
    os.close(writer)


def test_standard_input_that_ends_during_such_a_mute_is_told_after_it() -> None:
    reader, writer = os.pipe()
    _write(writer, SPOKEN.tobytes())
    with Ears(reader, muted=True, source="stdin") as ears:
        time.sleep(1.0)
        assert ears.capture.state.status == "muted"
        ears.capture.resume()
        ears.until_it_says("standard input has ended")
        assert len(ears.samples()) == 0
    os.close(reader)


def test_a_file_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "later.wav"
    with Ears(source=f"file:{path}") as ears:
        ears.until_it_says(f"'{path}' is not there; check the name")
        soundfile.write(path, SPOKEN, 16000)
        ears.until(lambda: len(ears.samples()) > 0, "sound")


def test_a_channel_that_the_file_does_not_have(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "said.wav", SPOKEN, 16000)
    with Ears(source=f"file:{tmp_path}/said.wav", channel=2) as ears:
        ears.until_it_says("there is only channel 0")


@pytest.mark.parametrize("wav", [False, True])
def test_standard_input_as_raw_samples_and_as_wav(wav: bool) -> None:
    reader, writer = os.pipe()
    stereo = np.repeat(SPOKEN, 2)
    if wav:
        file = io.BytesIO()
        soundfile.write(file, stereo.reshape(-1, 2), 8000, format="WAV", subtype="PCM_16")
        data, settings = file.getvalue(), {}
    else:
        data, settings = stereo.astype("<i2").tobytes(), {"stdin_rate_hz": 8000, "stdin_channels": 2}
    threading.Thread(target=_write, args=(writer, data), daemon=True).start()
    with Ears(reader, muted=False, source="stdin", **settings) as ears:
        ears.until_it_says("standard input has ended")
        assert np.array_equal(ears.samples(), SPOKEN)
        assert {chunk.sample_rate_hz for chunk in ears.chunks} == {8000}
    os.close(reader)


def _write(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def test_who_pipes_a_recording_in_is_held_back() -> None:
    reader, writer = os.pipe()
    threading.Thread(target=_write, args=(writer, np.tile(SPOKEN, 5).tobytes()), daemon=True).start()
    with Ears(reader, source="stdin") as ears:
        ears.until_it_says("has ended")
        assert len(ears.samples()) == 5 * 16000
        assert ears.chunks[-1].captured_ns - ears.chunks[0].captured_ns > 2.5e9
    os.close(reader)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "standard input has no samples"), (b"RIFFxxxxAVI ", "begins like a WAV file, but: no RIFF/WAVE header")],
)
def test_standard_input_that_is_no_audio(data: bytes, words: str) -> None:
    reader, writer = os.pipe()
    _write(writer, data)
    with Ears(reader, source="stdin") as ears:
        ears.until_it_says(words)
        assert ears.capture.healthy_or_backing_off
    os.close(reader)


def test_a_pipe_in_which_nothing_comes_does_not_hold_the_end() -> None:
    descriptors = len([*Path("/proc/self/fd").iterdir()])
    threads = threading.active_count()
    reader, writer = os.pipe()
    with Ears(reader, source="stdin") as ears:
        ears.until(lambda: ears.capture.state.status == "starting", "open")
        time.sleep(0.7)
    wait_until(lambda: threading.active_count() == threads, 5.0, "the player's end")
    os.close(reader)
    os.close(writer)
    assert len([*Path("/proc/self/fd").iterdir()]) == descriptors


def test_standard_input_that_was_closed_is_one_line() -> None:
    with pytest.raises(CaptureError, match="it is closed; pipe WAV or raw s16le in"):
        open_stdin(None)


def test_there_is_no_volume_to_set(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "said.wav", SPOKEN, 16000)
    opener = opener_of(AudioConfig(source=f"file:{tmp_path}/said.wav"), SystemClock(), Metrics())
    stream = opener.open(opener.choose(), "s", lambda _: None)
    with pytest.raises(CaptureError, match="no volume to set to 50 %"):
        stream.set_gain(50)
    opener.stop()


def test_a_name_is_still_a_microphone() -> None:
    for source in ("auto", "pulse:stdin", "file", "usb"):
        assert isinstance(opener_of(AudioConfig(source=source), SystemClock(), Metrics()), SystemOpener)
