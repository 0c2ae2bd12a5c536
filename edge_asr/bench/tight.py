"""Recordings cut to nothing but their speech, and placed in a room; one after another without a breath too."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_asr.audio.chunk import Samples
from edge_asr.bench.onset import speech_s

_LEAD_S = 1.5  # longer than pre-roll and onset together
_TAIL_S = 2.0  # longer than every wait of the balanced profile
_FRAME_S = 0.01
_LOUD_PERCENTILE = 95
_SHARE = 10.0 ** (-25 / 20)  # of the loud frames' level
_ROOM_RMS_SHARE = 10.0 ** (-30 / 20)
_VOICE_RMS = 1500.0  # int16 scale, -27 dBFS
_FULL_SCALE = 32767.0
_SEED = 5


def tight(samples: Samples, sample_rate_hz: int) -> Samples:
    """What lies between the first and the last sound of int16 samples (n,), to the 10 ms, with no margin.

    By energy alone, so that no recognizer has a say: frames within 25 dB of the loud ones, in stretches that are long
    enough for a word. A recording without one comes back empty.
    """
    span = speech_s(samples, sample_rate_hz, _level(samples, sample_rate_hz))
    if span is None:
        return samples[:0]
    begin, end = (round(at_s * sample_rate_hz) for at_s in span)
    return samples[begin:end]


def in_room(speech: Samples, sample_rate_hz: int, *, noise: bool) -> Samples:
    """The speech with a wait before and behind it, int16 (n,): in digital silence, or in a room's noise.

    The noise is below and around the speech, 30 dB under its level, with as much power in each octave (pink); the same
    for the same speech.
    """
    lead, tail = (np.zeros(round(wait_s * sample_rate_hz), np.int16) for wait_s in (_LEAD_S, _TAIL_S))
    placed = np.concatenate([lead, speech, tail])
    if not noise or not len(speech):
        return placed
    rms = float(np.sqrt(np.mean(speech.astype(np.float64) ** 2)))
    room = placed + _ROOM_RMS_SHARE * rms * _pink(len(placed))
    whole: Samples = np.rint(np.clip(room, -_FULL_SCALE, _FULL_SCALE)).astype(np.int16)
    return whole


def without_pauses(recordings: Sequence[Samples], sample_rate_hz: int, longest_pause_s: float) -> Samples:
    """All of them cut tight, brought to one level and joined, int16 (n,): no pause, between them too, is longer."""
    silence = np.zeros(round(longest_pause_s * sample_rate_hz), np.int16)
    parts: list[Samples] = []
    for recording in recordings:
        parts += [silence, _shortened(recording, sample_rate_hz, longest_pause_s)]
    return np.concatenate([*parts[1:], silence[:0]])


def _shortened(recording: Samples, sample_rate_hz: int, longest_pause_s: float) -> Samples:
    """Tight and levelled, and its own pauses shortened in their middle."""
    size = round(_FRAME_S * sample_rate_hz)
    speech = _levelled(tight(recording, sample_rate_hz))
    kept = np.ones(len(speech), np.bool_)
    quiet = _levels(speech, size) <= _level(speech, sample_rate_hz)
    most = round(longest_pause_s / _FRAME_S)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]])))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin > most:
            kept[(begin + most // 2) * size : (end - (most - most // 2)) * size] = False
    return speech[kept]


def _levelled(speech: Samples) -> Samples:
    rms = float(np.sqrt(np.mean(speech.astype(np.float64) ** 2))) if len(speech) else 0.0
    gain = _VOICE_RMS / rms if rms else 1.0
    levelled: Samples = np.rint(np.clip(speech * gain, -_FULL_SCALE, _FULL_SCALE)).astype(np.int16)
    return levelled


def _level(samples: Samples, sample_rate_hz: int) -> float:
    levels = _levels(samples, round(_FRAME_S * sample_rate_hz))
    return _SHARE * float(np.percentile(levels, _LOUD_PERCENTILE)) if len(levels) else 0.0


def _levels(samples: Samples, size: int) -> NDArray[np.float64]:
    frames = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    levels: NDArray[np.float64] = np.sqrt((frames**2).mean(axis=1))
    return levels


def _pink(count: int) -> NDArray[np.float64]:
    """Pink noise of RMS 1: white noise whose spectrum falls with the square root of the frequency."""
    spectrum = np.fft.rfft(np.random.default_rng(_SEED).normal(0.0, 1.0, count))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0.0
    noise: NDArray[np.float64] = np.fft.irfft(spectrum, count)
    noise /= np.sqrt(np.mean(noise**2))
    return noise
