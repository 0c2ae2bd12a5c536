"""How the peer is asked; the peer itself is not needed."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Self

import numpy as np
import pytest

from edge_asr.bench.moonshine_decoder import decoders


class Stream:
    """Says how much it was given, in how many pieces, and how loud the loudest sample was."""

    def __enter__(self) -> Self:
        self.samples, self.chunks, self.loudest, self.open = 0, 0, 0.0, False
        return self

    def __exit__(self, *_: object) -> None:
        assert not self.open

    def start(self) -> None:
        self.open = True

    def add_audio(self, audio: "np.ndarray[tuple[int], np.dtype[np.float32]]", rate_hz: int) -> None:
        assert self.open
        assert audio.dtype == np.float32
        assert len(audio) <= rate_hz / 10
        self.samples, self.chunks = self.samples + len(audio), self.chunks + 1
        self.loudest = max(self.loudest, float(np.abs(audio).max()))

    def stop(self) -> SimpleNamespace:
        self.open = False
        texts = (f" {self.samples} samples ", "", f"loudest {self.loudest}")
        lines = [SimpleNamespace(text=text, start_time=at, duration=0.5) for at, text in enumerate(texts)]
        return SimpleNamespace(lines=lines)


class Transcriber:
    def __init__(self, folder: str, arch: str, **options: object) -> None:
        assert (Path(folder).name, arch, options) == ("tiny-en", "tiny", {})  # all else is its default

    def create_stream(self) -> Stream:
        return Stream()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("moonshine_voice")
    module.Transcriber = Transcriber  # type: ignore[attr-defined]
    module.ModelArch = SimpleNamespace(TINY="tiny")  # type: ignore[attr-defined]
    module.get_model_path = lambda name: folder / name  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "moonshine_voice", module)


@pytest.mark.parametrize("rate_hz", [16_000, 8_000])
def test_a_recording_and_half_a_second_of_silence_become_lines(
    rate_hz: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny-en").mkdir()
    install(tmp_path, monkeypatch)
    decode = decoders()["moonshine-voice"]
    samples = np.full(rate_hz + 7, -16384, "<i2")
    said = decode(samples.tobytes(), rate_hz)
    assert said.text == f"{rate_hz + 7 + rate_hz // 2} samples loudest 0.5"
    assert said.tokens is None
    assert said.spans == ((0, 0.5), (2, 2.5))


def test_a_wheel_without_the_model_is_one_line_with_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    with pytest.raises(ValueError, match=r"no model in .*tiny-en; install: pip install moonshine-voice==0.0.59"):
        decoders()
