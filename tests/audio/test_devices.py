from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.audio.alsa import AlsaInput
from edge_asr.audio.devices import Inventory, Microphone, choose, eligible, from_alsa, from_pulse
from edge_asr.audio.pulse import PulseSource
from edge_asr.errors import CaptureError


def pulse(
    name: str, description: str = "", *, usb: str = "", monitor: bool = False, default: bool = False
) -> Microphone:
    source = PulseSource(name, description or name, monitor, False, 48000, 2, usb, "")
    return from_pulse(source, name if default else "")


def alsa(stable_id: str, name: str, *, hardware: bool = True, usb: str = "") -> Microphone:
    return from_alsa(AlsaInput(name, stable_id, name.partition(":")[0], usb, hardware, 48000, 1))


MONITOR = pulse("alsa_output.hdmi.monitor", "Monitor of HDMI")
MONITOR = replace(MONITOR, is_monitor=True)
JABRA = pulse("alsa_input.usb-Jabra_410-00.mono", "Jabra SPEAK 410 Mono", usb="0b0e:0412:serial7")
WEBCAM = pulse("alsa_input.usb-Logitech_C920-02.stereo", "HD Pro Webcam C920", usb="046d:082d:ABC")
PULSE = alsa("pulse", "pulse", hardware=False)
DEFAULT = alsa("default", "default", hardware=False)
HARDWARE = alsa("Device", "USB PnP Sound Device: Audio (hw:1,0)", usb="0d8c:0014")
NO_SERVER = "no sound server at unix:/x (refused); start PulseAudio or PipeWire"


def test_auto_takes_the_default_source() -> None:
    webcam = replace(WEBCAM, is_default=True)
    assert choose("auto", Inventory((MONITOR, JABRA, webcam, HARDWARE))) == webcam


def test_auto_never_takes_a_monitor_even_when_it_is_the_default() -> None:
    assert choose("auto", Inventory((replace(MONITOR, is_default=True), JABRA))) == JABRA
    with pytest.raises(CaptureError, match="no source but monitors"):
        choose("auto", Inventory((replace(MONITOR, is_default=True), HARDWARE)))


def test_auto_without_a_sound_server_takes_hardware_and_no_plugin() -> None:
    assert choose("auto", Inventory((PULSE, DEFAULT, HARDWARE), NO_SERVER)) == HARDWARE
    with pytest.raises(CaptureError, match=r"start PulseAudio or PipeWire.*no capture card"):
        choose("auto", Inventory((PULSE, DEFAULT), NO_SERVER))


def test_full_names() -> None:
    inventory = Inventory((MONITOR, JABRA, WEBCAM, PULSE, HARDWARE))
    for mic in inventory.microphones:
        assert choose(mic.stable_id, inventory) == mic
    assert choose("alsa:USB PnP Sound Device: Audio (hw:1,0)", inventory) == HARDWARE
    assert choose(MONITOR.name, inventory) == MONITOR  # a monitor, because it is named in full


@pytest.mark.parametrize("source", ["pulse:usb_mic", "alsa:usb_mic", "usb_mic", "pulse:Jabra", "alsa:Dev", "pulse:"])
def test_what_is_not_there_is_not_replaced_and_the_rest_is_listed(source: str) -> None:
    with pytest.raises(CaptureError) as caught:
        choose(source, Inventory((MONITOR, JABRA, PULSE, HARDWARE)))
    text = str(caught.value)
    assert text == f"source '{source}' is not there; waiting for it. Present: {JABRA.stable_id}, alsa:Device"


@pytest.mark.parametrize("part", ["jabra", "SPEAK 410", "0b0e:0412", "serial7", "usb-Jabra"])
def test_a_part_that_fits_one_is_enough(part: str) -> None:
    assert choose(part, Inventory((MONITOR, JABRA, WEBCAM, PULSE))) == JABRA


def test_a_part_that_fits_two_is_refused_with_both() -> None:
    with pytest.raises(CaptureError) as caught:
        choose("usb", Inventory((JABRA, WEBCAM)))
    assert JABRA.stable_id in str(caught.value)
    assert WEBCAM.stable_id in str(caught.value)


def test_a_part_never_finds_a_monitor_or_a_plugin() -> None:
    for part in ("Monitor of", "hdmi", "puls", "defaul", "default"):
        with pytest.raises(CaptureError, match="is not there"):
            choose(part, Inventory((MONITOR, replace(JABRA, name="x", stable_id="x"), DEFAULT)))


def test_a_whole_name_wins_over_a_longer_one_that_contains_it() -> None:
    short, long = pulse("usb_mic"), pulse("usb_mic.2")
    assert choose("usb_mic", Inventory((long, short))) == short


def test_the_same_hardware_seen_twice_is_taken_through_the_server() -> None:
    twin = pulse("alsa_input.usb-0d8c", "USB PnP Sound Device Mono")
    assert choose("PnP", Inventory((twin, HARDWARE))) == twin


def test_without_a_server_its_absence_is_the_reason() -> None:
    for source in ("pulse:usb_mic", "usb_mic"):
        with pytest.raises(CaptureError, match="start PulseAudio"):
            choose(source, Inventory((PULSE,), NO_SERVER))


_NAMES = st.text("abm.", min_size=1, max_size=3)


@given(
    st.lists(
        st.builds(
            lambda name, monitor, default: replace(pulse(name, default=default), is_monitor=monitor),
            _NAMES,
            st.booleans(),
            st.booleans(),
        ),
        unique_by=lambda mic: mic.name,
        max_size=5,
    ),
    _NAMES,
)
def test_any_choice_fits_what_was_asked_for(microphones: list[Microphone], source: str) -> None:
    inventory = Inventory(tuple(microphones))
    try:
        chosen = choose(source, inventory)
    except CaptureError:
        fits = [mic for mic in eligible(inventory) if any(source in word for word in mic.words())]
        assert len(fits) != 1
    else:
        assert chosen in microphones
        assert chosen.name == source or (not chosen.is_monitor and any(source in word for word in chosen.words()))
