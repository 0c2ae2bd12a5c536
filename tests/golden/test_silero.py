"""The published voice detector on real speech, where it is installed (edge-asr models pull silero-vad)."""

import msgspec
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edge_asr.audio.silero import SileroVad
from edge_asr.bench.gate import Mode, through_gate
from edge_asr.bench.mixture import in_a_row, mixed
from edge_asr.config import Config, GateConfig
from edge_asr.demo.sample import sample
from edge_asr.detector import SILERO_BUNDLE, build_vad
from edge_asr.settings import model_folder

RATE_HZ = 16_000
pytestmark = pytest.mark.skipif(
    not (model_folder(Config()) / SILERO_BUNDLE).is_dir(), reason="the bundle silero-vad is not installed"
)


def config(vad: Mode) -> Config:
    return msgspec.structs.replace(Config(), gate=GateConfig(vad=vad))


def hiss() -> NDArray[np.int16]:
    return np.random.default_rng(2).normal(0, 800, 20 * RATE_HZ).astype(np.int16)


def test_steady_noise_opens_webrtc_and_not_the_two_together() -> None:
    assert through_gate(config("webrtc"), RATE_HZ, hiss()).passed.mean() > 0.5
    assert not through_gate(config("both"), RATE_HZ, hiss()).passed.any()


@pytest.mark.parametrize("snr_db", [None, 10])
@pytest.mark.parametrize("vad", ["silero", "both"])
def test_speech_passes_clean_and_in_noise(vad: Mode, snr_db: int | None) -> None:
    clean = in_a_row([soundfile.read(str(path), dtype="int16")[0] for path in sample()[:3]], RATE_HZ)
    ran = through_gate(config(vad), RATE_HZ, mixed(clean, hiss(), snr_db))
    assert ran.passed[clean.speech].mean() > 0.99
    assert ran.segments >= 3


def test_windows_computed_at_once_are_those_computed_one_by_one() -> None:
    samples: NDArray[np.int16] = soundfile.read(str(sample()[0]), dtype="int16")[0][:RATE_HZ]
    each, once = (build_vad(config("silero"), RATE_HZ) for _ in range(2))
    assert isinstance(each, SileroVad)
    assert isinstance(once, SileroVad)
    for at in range(0, RATE_HZ, 320):
        each.voiced(samples[at : at + 320])
        once.hear(samples[at : at + 320])
    assert once.agrees() == each.agrees()
    assert once._probability == pytest.approx(each._probability, abs=1e-5)
    assert np.abs(once._memory[0] - each._memory[0]).max() < 1e-4


@pytest.mark.parametrize("kind", ["hum", "hiss"])
@pytest.mark.parametrize("level", [1000, 3000])
@pytest.mark.parametrize("number", [1, 4])
def test_a_noise_that_sets_in_as_speech_ends_is_not_taken_for_more_of_it(kind: str, level: int, number: int) -> None:
    """The two together, which do not ask about every block, soon know when it ended as Silero does, asked each time."""
    spoken: NDArray[np.int16] = soundfile.read(str(sample()[number]), dtype="int16")[0]
    spoken = spoken[: len(spoken) * 4 // 5]
    second = np.arange(8 * RATE_HZ) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 120 * harmonic * second) / harmonic for harmonic in range(1, 6))
    noise = hum if kind == "hum" else np.random.default_rng(7).normal(0, 1, len(second))
    heard = np.concatenate([spoken, np.clip(level * noise, -32768, 32767).astype(np.int16)])
    counts: dict[Mode, NDArray[np.int64]] = {}
    modes: tuple[Mode, ...] = ("both", "silero")
    for vad in modes:
        detector, runs = build_vad(config(vad), RATE_HZ), [0]
        for at in range(0, len(heard) - 319, 320):
            voice = detector.voiced(heard[at : at + 320], later=True)
            runs.append(0 if voice else max(runs[-1] + 1, detector.unvoiced_samples // 320))
        counts[vad] = np.array(runs)
    told = int(np.flatnonzero(counts["both"] == 0)[-1]) + 1
    ended = int(np.flatnonzero(counts["silero"] == 0)[-1]) + 1
    assert told - ended <= 20  # 0.4 s
    assert abs(int(counts["both"][-1]) - int(counts["silero"][-1])) <= 2
