"""From the bytes of a sample format to int16: what is too loud is clipped, never wrapped."""

from typing import Any, Literal

import numpy as np

from edge_asr.audio.chunk import Samples

SampleFormat = Literal["S16_LE", "S32_LE", "FLOAT_LE"]  # ALSA's names

_DTYPES: dict[SampleFormat, str] = {"S16_LE": "<i2", "S32_LE": "<i4", "FLOAT_LE": "<f4"}


def bytes_per_sample(sample_format: SampleFormat) -> int:
    """Width of one sample."""
    return np.dtype(_DTYPES[sample_format]).itemsize


def to_int16(data: bytes, sample_format: SampleFormat) -> Samples:
    """Interleaved samples of whole frames as int16 of the same shape (n,), rounded to the nearest."""
    values: Any = np.frombuffer(data, _DTYPES[sample_format])
    if sample_format == "S16_LE":
        return values.astype(np.int16)  # type: ignore[no-any-return]
    if sample_format == "S32_LE":
        return float_to_int16(values / 2147483648.0)  # float64: exact
    return float_to_int16(values)


def float_to_int16(values: Any) -> Samples:
    """Floats of full scale 1.0, shape (n,); what is no number is silence."""
    scaled = np.rint(np.nan_to_num(values, posinf=1.0, neginf=-1.0) * 32768.0)
    narrow: Samples = np.clip(scaled, -32768, 32767).astype(np.int16)
    return narrow
