"""Speech and noise at a wanted distance, in memory: one recording, or a stream of all with noise between them too."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_asr.audio.chunk import Samples
from edge_asr.audio.replay import FileSource
from edge_asr.audio.resample import BlockResampler
from edge_asr.clock import Clock
from edge_asr.errors import EdgeAsrError

SHORTEST_NOISE_S = 10.0  # less is an impulse response
SNRS_DB: tuple[int, ...] = (20, 10, 5, 0)
_SUFFIXES = (".wav", ".flac", ".ogg")
_PAUSE_S = 1.5  # before, between and after: longer than the gate's hangover
_VOICE_RMS = 1500.0  # int16 scale, -27 dBFS: every recording's speech is brought to it
_FRAME_S = 0.02
_LOUD_PERCENTILE = 95
_SHARE = 0.1  # of the loud frames' level: what is more than 20 dB below them is a pause
_FULL_SCALE = 32767.0


@dataclass(frozen=True, slots=True)
class Clean:
    """Recordings in a row: samples float32 (n,), and which of them are speech, bool (n,)."""

    samples: NDArray[np.float32]
    speech: NDArray[np.bool_]


def read_samples(path: Path, sample_rate_hz: int, clock: Clock) -> Samples:
    """A file whole, int16 (n,), at the wanted rate. Raises AudioFileError."""
    source = FileSource(path, clock)
    resampler = BlockResampler(source.sample_rate_hz, sample_rate_hz, sample_rate_hz)
    blocks = [block for chunk in source.chunks() for block in resampler.step(chunk.samples)]
    return np.concatenate([*blocks, *resampler.finish()])


def read_noises(folder: Path, sample_rate_hz: int, clock: Clock) -> dict[str, Samples]:
    """Sounds of a folder that last `SHORTEST_NOISE_S` or more, by name. Raises EdgeAsrError when there is none."""
    if not folder.is_dir():
        raise EdgeAsrError(f"--noise {folder}: that is no folder; name one with recordings of noise")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    noises = {path.stem: read_samples(path, sample_rate_hz, clock) for path in paths}
    long = {name: noise for name, noise in noises.items() if len(noise) >= SHORTEST_NOISE_S * sample_rate_hz}
    if not long:
        raise EdgeAsrError(
            f"--noise {folder}: no recording of {SHORTEST_NOISE_S:g} s or more in it; "
            f"put some there, as {', '.join(_SUFFIXES)}"
        )
    for name, noise in long.items():
        if not noise.any():
            raise EdgeAsrError(f"--noise {folder}: {name} is silent; take it out")
    return long


def in_a_row(recordings: Sequence[Samples], sample_rate_hz: int) -> Clean:
    """All recordings with pauses, each at the same level of speech. A silent one raises EdgeAsrError.

    Speech is told by energy alone, from the recording itself: frames of 20 ms within 20 dB of its loud ones.
    """
    pause = round(_PAUSE_S * sample_rate_hz)
    samples = [np.zeros(pause, np.float32)]
    speech = [np.zeros(pause, np.bool_)]
    for recording in recordings:
        wide = recording.astype(np.float32)
        voiced, level = _voice(wide, sample_rate_hz)
        samples += [wide * np.float32(_VOICE_RMS / level), np.zeros(pause, np.float32)]
        speech += [voiced, np.zeros(pause, np.bool_)]
    return Clean(np.concatenate(samples), np.concatenate(speech))


def speech_in(samples: NDArray[np.float32], frame_samples: int) -> NDArray[np.bool_]:
    """Which samples of a clean recording are speech, bool (n,), in whole frames; what is left at its end is not."""
    count = len(samples) // frame_samples
    levels = np.sqrt((samples[: count * frame_samples].reshape(count, frame_samples) ** 2).mean(axis=1))
    loud = levels > _SHARE * np.percentile(levels, _LOUD_PERCENTILE) if count else np.empty(0, np.bool_)
    voiced = np.zeros(len(samples), np.bool_)
    voiced[: count * frame_samples] = np.repeat(loud, frame_samples)
    return voiced


def mixed(clean: Clean, noise: Samples | None, snr_db: float | None) -> Samples:
    """The stream with noise, repeated as long as it is, so many dB below speech; None leaves it clean. int16 (n,)."""
    stream = clean.samples
    if noise is not None and snr_db is not None:
        stream = stream + _below(_VOICE_RMS, snr_db, noise, len(stream))
    return np.clip(np.rint(stream), -32768, 32767).astype(np.int16)


def with_noise(recording: Samples, sample_rate_hz: int, noise: Samples, snr_db: float, begin: int = 0) -> Samples:
    """One recording with noise so many dB below its speech, int16 (n,). A silent one raises EdgeAsrError.

    The noise begins at its sample `begin` and is repeated. Speech keeps its level; where the sum would be clipped, all
    of it is lowered.
    """
    wide = recording.astype(np.float32)
    _, level = _voice(wide, sample_rate_hz)
    stream = wide + _below(level, snr_db, np.roll(noise, -begin), len(wide))
    lowered: Samples = np.rint(stream * np.float32(min(1.0, _FULL_SCALE / np.abs(stream).max()))).astype(np.int16)
    return lowered


def _voice(samples: NDArray[np.float32], sample_rate_hz: int) -> tuple[NDArray[np.bool_], float]:
    """Which samples of a recording are speech, and the RMS of those."""
    voiced = speech_in(samples, round(_FRAME_S * sample_rate_hz))
    if not voiced.any():
        raise EdgeAsrError("a recording of speech is silent; take it out")
    return voiced, _rms(samples[voiced])


def _below(level: float, snr_db: float, noise: Samples, count: int) -> NDArray[np.float32]:
    """So many samples of noise, so far below an RMS: the noise's is that of all of it, a lull in it stays one."""
    gain = level / _rms(noise) * 10.0 ** (-snr_db / 20.0)
    return np.resize(noise, count).astype(np.float32) * np.float32(gain)


def _rms(samples: Samples | NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
