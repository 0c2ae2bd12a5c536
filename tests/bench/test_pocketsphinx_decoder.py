"""How the peer is asked; the peer itself is not needed."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from edge_asr.bench.pocketsphinx_decoder import decoders


class Listener:
    """Stands for pocketsphinx.Decoder: says how much it was given, by which calls."""

    def __init__(self, **_options: object) -> None:
        self.samples = 0
        self.open = False

    def start_utt(self) -> None:
        self.open, self.samples = True, 0

    def process_raw(self, data: bytes, _no_search: bool, full: bool) -> None:
        assert self.open
        assert not full  # the mean of the whole would be known before it is heard
        self.samples += len(data) // 2

    def end_utt(self) -> None:
        self.open = False

    def hyp(self) -> SimpleNamespace | None:
        return SimpleNamespace(hypstr=f"{self.samples} samples") if self.samples > 3200 else None


class Endpointer:
    """Stands for pocketsphinx.Endpointer: speech is what is not zero, and ends with the first frame that is."""

    frame_bytes = 960

    def __init__(self, *, sample_rate: int) -> None:
        assert sample_rate == 16_000
        self.in_speech = False

    def process(self, frame: bytes) -> bytes | None:
        assert len(frame) == self.frame_bytes
        spoke, self.in_speech = self.in_speech, any(frame)
        return frame if spoke or self.in_speech else None

    def end_stream(self, frame: bytes) -> bytes | None:
        assert self.in_speech
        assert len(frame) < self.frame_bytes
        self.in_speech = False
        return frame


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("pocketsphinx")
    module.Decoder, module.Endpointer = Listener, Endpointer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pocketsphinx", module)


@pytest.mark.usefixtures("peer")
@pytest.mark.parametrize(("rate_hz", "seconds", "said"), [(16_000, 1, "16000 samples"), (8_000, 2, "32000 samples")])
def test_it_is_given_the_whole_file_at_its_own_rate(rate_hz: int, seconds: int, said: str) -> None:
    decode = decoders()["pocketsphinx"]
    assert decode(np.zeros(rate_hz * seconds, "<i2").tobytes(), rate_hz).text == said
    assert decode(bytes(2 * 1600), 16_000).text == ""


def spoken(*runs: int) -> bytes:
    """Samples in turns of silence and of sound."""
    return b"".join(bytes([number % 2, 0]) * samples for number, samples in enumerate(runs))


@pytest.mark.usefixtures("peer")
@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ((48_000,), ""),
        ((4800, 9600, 4800), "10080 samples"),  # with the frame in which it ended
        ((4800, 9600, 4800, 4800, 480), "10080 samples 5280 samples"),
        ((4800, 9600), "9600 samples"),  # it ends with its last frame
        ((4800, 9700), "9700 samples"),  # in mid-frame
        ((4800, 9600, 480, 100), "10080 samples"),
    ],
)
def test_live_it_is_given_what_its_endpointer_takes_for_speech(runs: tuple[int, ...], said: str) -> None:
    assert decoders()["pocketsphinx, live"](spoken(*runs), 16_000).text == said
