"""What each voice detector makes of the gate: speech that it misses, noise that it lets through, and what it costs.

The gate is alone here, with no recognizer behind it. On noise alone it is shut again after `endpoint.no_words_s`, as
the endpointer does where nothing is said; so a gate that never closes by itself counts as often as it would live.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_asr.audio.chunk import Samples
from edge_asr.audio.gate import BLOCK_MS, Gate
from edge_asr.bench.mixture import SNRS_DB, Clean, mixed
from edge_asr.clock import NS_PER_S
from edge_asr.config import Config
from edge_asr.detector import build_vad
from edge_asr.endpoint_rules import endpoint_rules, hangover_ms

Mode = Literal["webrtc", "silero", "both"]
MODES: tuple[Mode, ...] = ("webrtc", "silero", "both")
_SILENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Missed:
    """Speech at one distance from one noise; both None: as it was recorded."""

    noise: str | None
    snr_db: int | None
    speech_s: float
    missed_s: float
    passed_share: float  # of the whole stream, pauses too
    cpu_share: float  # CPU s per s of audio


@dataclass(frozen=True, slots=True)
class Alarms:
    """A sound with no speech in it; None: digital silence."""

    noise: str | None
    seconds: float
    segments: int
    passed_share: float
    cpu_share: float

    @property
    def per_hour(self) -> float:
        """Segments that noise alone began, an hour of it."""
        return self.segments * 3600 / self.seconds


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """One detector, or a recognizer with what it does for one."""

    mode: str
    speech: tuple[Missed, ...]
    alarms: tuple[Alarms, ...]

    def missed_share(self, snr_db: int | None) -> float:
        """Share of speech that did not pass, all noises together."""
        rows = [row for row in self.speech if row.snr_db == snr_db]
        return sum(row.missed_s for row in rows) / sum(row.speech_s for row in rows)


@dataclass(frozen=True, slots=True)
class Ran:
    """One stream through the gate: which samples passed, bool (n,), how often it opened, CPU time."""

    passed: NDArray[np.bool_]
    segments: int
    cpu_s: float


def measure(
    config: Config, sample_rate_hz: int, clean: Clean, noises: Mapping[str, Samples], modes: Sequence[Mode] = MODES
) -> list[ModeFigures]:
    """Every mode over the same streams. Raises ModelError when a detector's bundle is not there."""
    configs = [_with(config, mode) for mode in modes]
    for wanted in configs:
        build_vad(wanted, sample_rate_hz)  # a missing bundle is said before the work
    speech: dict[Mode, list[Missed]] = {mode: [] for mode in modes}
    for name, snr_db, stream in streams(clean, noises):
        for mode, wanted in zip(modes, configs, strict=True):
            ran = through_gate(wanted, sample_rate_hz, stream)
            missed = int((clean.speech & ~ran.passed).sum())
            speech[mode].append(
                Missed(
                    name,
                    snr_db,
                    float(clean.speech.sum()) / sample_rate_hz,
                    missed / sample_rate_hz,
                    float(ran.passed.mean()),
                    ran.cpu_s * sample_rate_hz / len(stream),
                )
            )
    return [
        ModeFigures(
            mode,
            tuple(speech[mode]),
            tuple(
                _alarms(wanted, sample_rate_hz, name, sound) for name, sound in without_speech(noises, sample_rate_hz)
            ),
        )
        for mode, wanted in zip(modes, configs, strict=True)
    ]


def streams(clean: Clean, noises: Mapping[str, Samples]) -> Iterator[tuple[str | None, int | None, Samples]]:
    """The speech as it is and with each noise at each distance: name, dB, int16 samples (n,)."""
    yield None, None, mixed(clean, None, None)
    for snr_db in SNRS_DB:
        for name, noise in noises.items():
            yield name, snr_db, mixed(clean, noise, snr_db)


def without_speech(noises: Mapping[str, Samples], sample_rate_hz: int) -> Iterator[tuple[str | None, Samples]]:
    """Digital silence, then the noises alone."""
    yield None, np.zeros(round(_SILENCE_S * sample_rate_hz), np.int16)
    yield from noises.items()


def through_gate(config: Config, sample_rate_hz: int, stream: Samples, longest_open_s: float | None = None) -> Ran:
    """Send int16 samples (n,) through a fresh gate; it is shut whenever it was open for `longest_open_s`."""
    size = sample_rate_hz * BLOCK_MS // 1000
    wait_ms = hangover_ms(config.gate, endpoint_rules(config.endpoint))
    gate = Gate(config.gate, wait_ms, build_vad(config, sample_rate_hz), size)
    passed = np.zeros(len(stream), np.bool_)
    segments = open_samples = 0
    began_ns = time.process_time_ns()
    for begin in range(0, len(stream), size):
        block = stream[begin : begin + size]
        step = gate.step(block)
        end = begin + len(block)
        passed[end - len(step.passed) : end] = True
        if step.opened:
            segments += 1
            open_samples = 0
        open_samples += len(step.passed)
        if longest_open_s is not None and len(step.passed) and open_samples >= longest_open_s * sample_rate_hz:
            gate.shut()
            open_samples = 0
    return Ran(passed, segments, (time.process_time_ns() - began_ns) / NS_PER_S)


def _alarms(config: Config, sample_rate_hz: int, name: str | None, sound: Samples) -> Alarms:
    ran = through_gate(config, sample_rate_hz, sound, endpoint_rules(config.endpoint).no_words_s)
    seconds = len(sound) / sample_rate_hz
    return Alarms(name, seconds, ran.segments, float(ran.passed.mean()), ran.cpu_s / seconds)


def _with(config: Config, mode: Mode) -> Config:
    return msgspec.structs.replace(config, gate=msgspec.structs.replace(config.gate, vad=mode))
