"""A sound that changes as often as speech does, so that a network nobody trained says many different things of it."""

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.zipformer.fbank import FbankStream

RATE_HZ = 16_000
MEL_BINS = 80
FRAMES_PER_S = 100


def changing_sound(seconds: float, seed: int) -> NDArray[np.int16]:
    """Chords and hiss, another about eight times a second, loud and soft: int16 (n,)."""
    rng = np.random.default_rng(seed)
    pieces: list[NDArray[np.float64]] = []
    wanted = int(seconds * RATE_HZ)
    while sum(len(piece) for piece in pieces) < wanted:
        time_s = np.arange(int(rng.integers(1200, 3200))) / RATE_HZ
        chord = np.sum([np.sin(2 * np.pi * rng.uniform(100, 7000) * time_s) for _ in range(4)], axis=0) / 2
        hiss = rng.normal(0.0, rng.uniform(0.0, 0.5), len(time_s))
        pieces.append(10 ** rng.uniform(1.5, 3.8) * (chord + hiss) * np.hanning(len(time_s)))
    sound: NDArray[np.int16] = np.clip(np.concatenate(pieces)[:wanted], -32768, 32767).astype(np.int16)
    return sound


def features_of(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Log mel energies float32 (frames, MEL_BINS)."""
    fbank = FbankStream(RATE_HZ, MEL_BINS)
    fbank.accept(samples)
    fbank.finish()
    return fbank.frames(0, len(samples) * FRAMES_PER_S // RATE_HZ)
