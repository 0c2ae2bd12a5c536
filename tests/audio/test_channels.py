import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.audio.channels import channel_fault, to_mono


def test_one_channel_is_copied_exactly_and_never_written_again() -> None:
    block = np.arange(-5, 5, dtype=np.int16)
    mono = to_mono(block, 1, "mix")
    block[:] = 0
    assert mono.tolist() == list(range(-5, 5))
    with pytest.raises(ValueError, match="read-only"):
        mono[0] = 1


def test_a_channel_is_picked_by_its_index() -> None:
    block = np.array([1, -1, 2, -2, 3, -3], np.int16)
    assert to_mono(block, 2, 0).tolist() == [1, 2, 3]
    assert to_mono(block, 2, 1).tolist() == [-1, -2, -3]
    assert to_mono(block, 3, 2).tolist() == [2, -3]


@given(st.integers(1, 64), st.sampled_from([-32768, 32767, 12345, 0]), st.integers(0, 50))
def test_a_mix_of_equal_channels_is_that_channel_even_at_full_scale(channels: int, value: int, frames: int) -> None:
    block = np.full(channels * frames, value, np.int16)
    assert to_mono(block, channels, "mix").tolist() == [value] * frames


def test_a_mix_is_the_mean() -> None:
    assert to_mono(np.array([32767, 32765, -32768, 32767], np.int16), 2, "mix").tolist() == [32766, -1]


@pytest.mark.parametrize(
    ("channel", "channels", "words"),
    [(1, 1, "only channel 0"), (4, 4, "channels 0 to 3"), (63, 2, "channels 0 to 1")],
)
def test_a_channel_that_is_not_there_is_named(channel: int, channels: int, words: str) -> None:
    fault = channel_fault(channel, channels)
    assert words in fault
    assert f"audio.channel is {channel}" in fault


def test_channels_that_are_there_are_no_fault() -> None:
    assert channel_fault("mix", 1) == channel_fault(0, 1) == channel_fault(7, 8) == ""
