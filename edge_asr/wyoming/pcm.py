"""Whatever PCM a client sends, as int16 of one channel; its rate stays."""

from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct

from edge_asr.audio.channels import to_mono
from edge_asr.audio.chunk import Samples
from edge_asr.audio.replay import MAX_RATE_HZ, MIN_RATE_HZ
from edge_asr.audio.sample_format import to_int16


class PcmFormat(Struct, frozen=True):
    """What is told of audio: rate in Hz, width in bytes of one sample, channels. Other keys are let be."""

    rate: Annotated[int, Meta(ge=MIN_RATE_HZ, le=MAX_RATE_HZ)]
    width: Annotated[int, Meta(ge=1, le=4)]
    channels: Annotated[int, Meta(ge=1, le=8)]


def to_samples(data: bytes, form: PcmFormat) -> Samples:
    """Whole frames of signed little-endian integers, as int16 (n,), a copy, read-only."""
    return to_mono(_int16(data, form.width), form.channels, "mix")


def _int16(data: bytes, width: int) -> Samples:
    if width == 1:
        return np.frombuffer(data, np.int8).astype(np.int16) << 8
    if width == 2:
        return to_int16(data, "S16_LE")
    if width == 3:  # the upper three bytes of four
        wide: Any = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        data = wide.tobytes()
    return to_int16(data, "S32_LE")
