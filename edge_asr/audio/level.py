"""How much a quiet voice is raised for the recognizer."""

import math

import numpy as np

from edge_asr.audio.chunk import Samples

_ENOUGH_RMS = 500.0  # int16 scale, -36 dBFS: from here on the network needs no help
_MOST_GAIN = 16.0  # 24 dB


def utterance_gain(samples: Samples, block_samples: int) -> float:
    """Factor, at least 1, for an utterance that begins with int16 `samples` (n,): pre-roll and onset.

    By the loudest of its blocks, in steps of 6 dB: a block more or less must not change every sample. The network was
    trained on voices of a usual level. Measured on 888 s of speech: WER 21.5 % without it, 21.2 % with it; on very
    quiet recordings (peak -49 dBFS) 16.5 % and 14.6 %.
    """
    blocks = samples[: len(samples) // block_samples * block_samples].reshape(-1, block_samples).astype(np.float32)
    if not len(blocks):
        return 1.0
    blocks -= blocks.mean()  # a microphone's offset is no loudness
    loudest_rms = float(np.sqrt((blocks * blocks).mean(axis=1).max()))
    wanted = min(_MOST_GAIN, max(1.0, _ENOUGH_RMS / max(loudest_rms, 1.0)))
    return float(2.0 ** math.floor(math.log2(wanted)))
