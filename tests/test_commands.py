"""What a command may say, and what becomes of one that says something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.commands import (
    CONTROLS,
    PAYLOAD_BYTES,
    gain_said,
    hotwords_said,
    listen_said,
    mute_said,
    name_said,
    sensitivity_said,
    sentences_said,
)
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
    assert CONTROLS == ("mute", "sensitivity", "gain", "model", "language", "listen", "hotwords", "mode", "commands")


@pytest.mark.parametrize(("payload", "said"), [(b"PRESS", None), (b"press ", None), (b"5", 5), (b"60", 60)])
def test_listen_is_a_press_or_seconds(payload: bytes, said: int | None) -> None:
    assert listen_said(payload) == said


@pytest.mark.parametrize("payload", [b"", b"0", b"61", b"ON", b"\xff", b"9" * 100])
def test_another_listen_is_refused(payload: bytes) -> None:
    with pytest.raises(CommandError, match="expected PRESS, or a whole number from 1 to 60 as plain text"):
        listen_said(payload)


def test_gain_is_percent() -> None:
    assert (gain_said(b"0"), gain_said(b"150"), gain_said(b"80.0")) == (0, 150, 80)
    with pytest.raises(CommandError, match="gain/set: '151' is refused, expected a whole number from 0 to 150"):
        gain_said(b"151")


def test_a_name_is_one_of_those_that_are_there() -> None:
    assert name_said("model", b" EN ", ("en", "zh")) == "en"
    with pytest.raises(CommandError, match="model/set: 'de' is refused, expected one of en, zh"):
        name_said("model", b"de", ("en", "zh"))
    with pytest.raises(CommandError, match="there is none to choose"):
        name_said("model", b"de", ())


def test_phrases_stand_one_a_line() -> None:
    assert hotwords_said("  LIVING   ROOM :2.5\r\n\nKüche\n".encode()) == ("LIVING ROOM :2.5", "Küche")
    assert hotwords_said(b"") == hotwords_said(b" \n ") == ()
    for bad in (b"a\0b", b"# no", b":2", b"x" * 101, b"a\n" * 201, b"y" * 5000, b"\xff"):
        with pytest.raises(CommandError, match=r"hotwords/set: .* phrases of at most 100 characters, one a line, as"):
            hotwords_said(bad)


def test_sentences_are_a_text_as_it_was_written() -> None:
    assert sentences_said(b"\xef\xbb\xbfgood night\n") == "good night\n"
    assert sentences_said(b"") == sentences_said(b" \r\n\t") == ""
    assert len(sentences_said(b"x" * 65_536)) == 65_536
    with pytest.raises(CommandError, match="a payload of 65537 bytes is refused"):
        sentences_said(b"x" * 65_537)
