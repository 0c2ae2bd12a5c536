"""What a command may say, and what becomes of one that says something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.commands import CONTROLS, PAYLOAD_BYTES, mute_said, sensitivity_said
from edge_asr.errors import CommandError


@pytest.mark.parametrize(("payload", "mute"), [(b"ON", True), (b"OFF", False), (b"on", True), (b" Off\n", False)])
def test_mute_is_on_or_off(payload: bytes, mute: bool) -> None:
    assert mute_said(payload) is mute


@pytest.mark.parametrize(("payload", "said"), [(b"0", 0), (b"100", 100), (b"050", 50), (b"70.0", 70), (b" 7\n", 7)])
def test_sensitivity_is_a_whole_number(payload: bytes, said: int) -> None:
    assert sensitivity_said(payload) == said


@pytest.mark.parametrize(
    ("payload", "seen"),
    [
        (b"", "''"),
        (b"101", "'101'"),
        (b"-1", "'-1'"),
        (b"50.5", "'50.5'"),
        (b"1e1", "'1e1'"),
        (b"nan", "'nan'"),
        ("٣".encode(), "'٣'"),
        (b"\xff\xfe", r"'\xff\xfe'"),
        (b"9" * 1_000_000, "a payload of 1000000 bytes"),
    ],
)
def test_a_refusal_names_value_expectation_and_fix(payload: bytes, seen: str) -> None:
    with pytest.raises(CommandError) as caught:
        sensitivity_said(payload)
    expected = "expected a whole number from 0 to 100 as plain text; send that"
    assert str(caught.value) == f"sensitivity/set: {seen} is refused, {expected}"


@given(st.binary(max_size=2 * PAYLOAD_BYTES))
def test_whatever_comes_is_a_value_or_a_short_refusal(payload: bytes) -> None:
    for say in (mute_said, sensitivity_said):
        refusal = ""
        try:
            value = say(payload)
        except CommandError as error:
            refusal = str(error)
        else:
            assert payload.decode().strip().upper() in {"ON", "OFF"} or 0 <= value <= 100
        assert len(refusal) < 150 + 10 * PAYLOAD_BYTES
        assert "\n" not in refusal


def test_controls_are_named() -> None:
    assert CONTROLS == ("mute", "sensitivity")
