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


@pytest.mark.parametrize(("rate_hz", "seconds", "said"), [(16_000, 1, "16000 samples"), (8_000, 2, "32000 samples")])
def test_it_is_given_the_whole_file_at_its_own_rate(
    rate_hz: int, seconds: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("pocketsphinx")
    module.Decoder = Listener  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pocketsphinx", module)
    decode = decoders()["pocketsphinx"]
    assert decode(np.zeros(rate_hz * seconds, "<i2").tobytes(), rate_hz).text == said
    assert decode(bytes(2 * 1600), 16_000).text == ""
