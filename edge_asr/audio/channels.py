"""From the channels of a device or a file to the one that is recognized."""

from typing import Literal

import numpy as np

from edge_asr.audio.chunk import Samples

Channel = int | Literal["mix"]


def channel_fault(channel: Channel, channels: int) -> str:
    """What is wrong with asking for `channel` where there are `channels` of them; empty when nothing is."""
    if channel == "mix" or 0 <= channel < channels:
        return ""
    names = "only channel 0" if channels == 1 else f"channels 0 to {channels - 1}"
    return f'audio.channel is {channel}, but there is {names}; set one of them, or "mix"'


def to_mono(interleaved: Samples, channels: int, channel: Channel) -> Samples:
    """One channel of interleaved int16 of shape (n * channels,): shape (n,), a copy, read-only.

    "mix" is the mean over the channels, rounded towards minus infinity; it cannot overflow.
    """
    if channels == 1:
        mono = interleaved.copy()
    else:
        frames = interleaved.reshape(-1, channels)
        if channel == "mix":
            mono = (frames.sum(axis=1, dtype=np.int32) // channels).astype(np.int16)
        else:
            mono = frames[:, channel].copy()
    mono.flags.writeable = False
    return mono
