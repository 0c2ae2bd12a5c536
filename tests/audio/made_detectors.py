"""Detectors on a network of a few hundred bytes, for tests."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.audio.silero import SecondOpinion, SileroVad
from edge_asr.audio.slow_gain import SlowGain
from edge_asr.sensitivity import Thresholds
from tests.audio import tiny_silero

RATE_HZ = 16_000
BLOCK = 320


def silero(network: Path, max_gain_db: float = 0.0) -> SileroVad:
    return SileroVad(network, tiny_silero.WINDOW, tiny_silero.CONTEXT, RATE_HZ, 0.5, max_gain_db)


def pair(first: "Told", second: SileroVad) -> SecondOpinion:
    return SecondOpinion(first, second, SlowGain(RATE_HZ, 0.0))


def unvoiced_blocks(vad: SecondOpinion | SileroVad, sound: list[NDArray[np.int16]]) -> list[int]:
    """The run of unvoiced blocks up to each, as an open gate counts it."""
    runs = [0]
    for block in sound:
        voice = vad.voiced(block, later=True)
        runs.append(0 if voice else max(runs[-1] + 1, vad.unvoiced_samples // BLOCK))
    return runs[1:]


def counted(vad: SileroVad, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many windows each run of its network computes, from now on."""
    windows: list[int] = []
    run = vad._run

    def counting(samples: NDArray[np.float32], count: int) -> None:
        windows.append(count)
        run(samples, count)

    monkeypatch.setattr(vad, "_run", counting)
    return windows


def blocks(samples: NDArray[np.int16], size: int = BLOCK) -> list[NDArray[np.int16]]:
    return [samples[at : at + size] for at in range(0, len(samples), size)]


class Told:
    """A first detector that says what it is told, and counts."""

    def __init__(self, answers: str) -> None:
        self.answers = iter(answers)
        self.resets = 0
        self.mode = 2

    def decides(self, _block: NDArray[np.int16], _centred: NDArray[np.float32], _gain: float) -> bool:
        return next(self.answers) == "v"

    def reset(self) -> None:
        self.resets += 1

    def tune(self, thresholds: Thresholds) -> None:
        self.mode = thresholds.vad_mode
