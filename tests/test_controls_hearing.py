"""Controls of what is listened for: mode and sentences."""

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from edge_asr.commands import Control
from edge_asr.controls import Choice, Controls, ControlValues
from edge_asr.metrics import Metrics


def listening(mode: str = "both", model: str = "en") -> Controls:
    choices = (Choice("en", "en", False, True), Choice("deaf", "en", True), Choice("zh", "zh", False, True))
    configured = ControlValues(mute=False, sensitivity=50, model="en", mode=mode)
    return Controls(configured, replace(configured, model=model), Metrics(), choices)


def told(controls: Controls, control: Control, payload: bytes, *, retained: bool = False) -> tuple[ControlValues, str]:
    controls.command(control, payload, retained=retained)
    wanted = controls.take()
    return wanted.values, "".join(wanted.faults)


@pytest.mark.parametrize(("payload", "mode"), [(b"open", "open"), (b" Commands\n", "commands"), (b"BOTH", "both")])
def test_a_mode_is_one_of_three(payload: bytes, mode: str) -> None:
    assert told(listening(), "mode", payload) == (replace(listening().configured, mode=mode), "")


@pytest.mark.parametrize("payload", [b"", b"all", b"open\0", b"\xff", b"commands both", b"x" * 5000, b"both\nopen"])
def test_another_mode_is_refused_with_those_that_there_are(payload: bytes) -> None:
    values, fault = told(listening(), "mode", payload)
    assert values.mode == "both"
    assert fault.startswith("mode/set: ")
    assert fault.endswith("is refused, expected one of open, commands, both as plain text; send that")


def test_a_mode_that_lies_on_the_broker_is_refused_like_all_that_does() -> None:
    values, fault = told(listening(), "mode", b"open", retained=True)
    assert (values.mode, "a retained message is refused" in fault) == ("both", True)


def test_without_sentences_there_is_no_mode() -> None:
    values, fault = told(listening(mode=""), "mode", b"both")
    assert values.mode == ""
    assert fault == (
        "mode/set: it is refused, there are no sentences to listen for: set commands.sentences to a file of them in "
        "the configuration, and restart"
    )


def test_a_model_without_pronunciations_hears_no_commands() -> None:
    values, fault = told(listening("open", model="deaf"), "mode", b"commands")
    assert values.mode == "open"
    assert "'commands' with the model 'deaf', which has no pronunciations" in fault
    assert "(en, zh)" in fault
    values, fault = told(listening(), "model", b"deaf")
    assert values.model == "en"
    assert "model/set: 'deaf' is refused, it has no pronunciations" in fault
    controls = listening()
    assert told(controls, "mode", b"open")[1] == told(controls, "model", b"deaf")[1] == ""


def test_a_language_is_spoken_by_a_model_that_can_do_what_is_wanted() -> None:
    choices = (Choice("a", "en", True), Choice("b", "en", False, True), Choice("zh", "zh", False, True))
    configured = ControlValues(mute=False, sensitivity=50, model="zh", mode="both")
    controls = Controls(configured, configured, Metrics(), choices)
    assert told(controls, "language", b"en")[0].model == "b"


def test_what_failed_is_given_up_as_a_whole() -> None:
    controls = listening()
    failed = replace(controls.configured, mode="commands")
    told(controls, "mode", b"commands")
    controls.give_up(failed, controls.configured)
    assert controls.take().values.mode == "both"
    told(controls, "mode", b"open")  # newer words stay
    controls.give_up(failed, controls.configured)
    assert controls.take().values.mode == "open"


def test_sentences_are_taken_as_they_were_written() -> None:
    text = "# ours\nlight = turn on the light[s]\n\n开灯　吧\r\n"
    values, fault = told(listening(), "commands", text.encode())
    assert (values.sentences, fault) == (text, "")
    controls = listening()
    told(controls, "commands", text.encode())
    assert told(controls, "commands", b" \n")[0].sentences == ""  # those of the configuration


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"x" * 65_537, "a payload of 65537 bytes is refused"),
        (b"\xff\xfe" * 100, "is refused, expected a list of sentences, or YAML, of at most 65536 bytes, as"),
        (b"turn on\0", "the character '\\x00' in it is refused"),
        ("turn \u202eon".encode(), "the character '\\u202e' in it"),
        (b"\x1b[2Jturn on", "the character '\\x1b' in it"),
        (b"turn on\x1c", "the character '\\x1c' in it"),
        (b"\x1c", "the character '\\x1c' in it"),
    ],
)
def test_what_is_no_text_is_refused_at_once(payload: bytes, why: str) -> None:
    values, fault = told(listening(), "commands", payload)
    assert values.sentences == ""
    assert fault.startswith("commands/set: ")
    assert why in fault
    assert len(fault) < 600
    assert fault.isprintable()


def test_sentences_are_not_taken_where_that_is_not_wanted() -> None:
    values, fault = told(listening(""), "commands", b"turn it on")
    assert "there are no sentences to listen for: set commands.sentences" in fault
    values, fault = told(listening("open", model="deaf"), "commands", b"turn it on")
    assert (values.sentences, "'deaf', which has no pronunciations" in fault) == ("", True)
    values, fault = told(listening(), "commands", b"turn it on", retained=True)
    assert (values.sentences, "a retained message is refused" in fault) == ("", True)
    both = listening().configured
    closed = Controls(both, both, Metrics(), (), takes_sentences=False)
    values, fault = told(closed, "commands", b"turn it on")
    assert (values.sentences, "commands.from_mqtt = false" in fault) == ("", True)
    assert told(closed, "commands", b"PRESS\n")[1] == ""  # to read the files again is no other sentence
    assert closed.take_read_again()


@example(b"\x0b")
@example(codecs.BOM_UTF8)
@example(b"\x0bPRESS")
@example("\xa0\u3000\n".encode())
@given(st.binary(max_size=300))
def test_whatever_comes_is_a_text_or_a_short_refusal(payload: bytes) -> None:
    values, fault = told(listening(), "commands", payload)
    written = payload.removeprefix(codecs.BOM_UTF8)
    # Other characters without a shape are refused, however few they are.
    nothing = not written.decode(errors="replace").strip(" \t\r\n\u3000\xa0")
    assert bool(fault) != (nothing or values.sentences.encode() == written or payload.strip() == b"PRESS")
    assert len(fault) < 1000
