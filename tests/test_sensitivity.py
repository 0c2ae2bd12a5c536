"""One number moves every threshold the same way, and the middle is what is configured."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.config import GateConfig
from edge_asr.errors import ConfigError
from edge_asr.sensitivity import Thresholds, thresholds
from tests.settings_files import fault

gates = st.builds(
    GateConfig,
    vad_mode=st.integers(0, 3),
    silero_threshold=st.floats(0.01, 0.99),
    onset_ms=st.integers(20, 240),
    onset_window_ms=st.integers(240, 2000),
)


@given(gates)
def test_the_middle_is_what_is_configured(gate: GateConfig) -> None:
    assert thresholds(gate, 50) == Thresholds(gate.vad_mode, gate.silero_threshold, gate.onset_ms)


@given(gates, st.integers(0, 100), st.integers(0, 100))
def test_more_is_never_less(gate: GateConfig, one: int, other: int) -> None:
    low, high = (thresholds(gate, number) for number in sorted((one, other)))
    assert low.vad_mode >= high.vad_mode
    assert low.silero_threshold >= high.silero_threshold
    assert low.onset_ms >= high.onset_ms
    assert low.onset_ms <= gate.onset_window_ms
    assert 0 <= high.vad_mode <= low.vad_mode <= 3
    assert 0 < high.silero_threshold <= low.silero_threshold < 1


def test_both_ends_and_the_way_there() -> None:
    gate = GateConfig()
    assert astuple(thresholds(gate, 0)) == pytest.approx((3, 0.85, 200))
    assert astuple(thresholds(gate, 100)) == pytest.approx((0, 0.15, 40))
    assert thresholds(gate, 75).silero_threshold == pytest.approx(0.325)
    assert (thresholds(gate, 75).vad_mode, thresholds(gate, 75).onset_ms) == (1, 70)


def test_what_is_set_beyond_an_end_stays() -> None:
    gate = GateConfig(vad_mode=0, silero_threshold=0.95, onset_ms=220)
    assert thresholds(gate, 0) == Thresholds(3, 0.95, 220)
    assert astuple(thresholds(gate, 100)) == pytest.approx((0, 0.15, 40))


@pytest.mark.parametrize("number", [-1, 101])
def test_off_the_scale(number: int) -> None:
    with pytest.raises(ConfigError, match=f"^sensitivity = {number}: expected a whole number from 0 to 100$"):
        thresholds(GateConfig(), number)
    assert f"gate.sensitivity = {number} (from --set): expected a whole number from 0 to 100" in fault(
        [f"gate.sensitivity={number}"]
    )
