"""What ALSA has, without PortAudio: cards by the kernel's word, and their shape by arecord's."""

import re
import threading
from dataclasses import dataclass

from edge_asr.audio.alsa import AlsaInput, capture_devices, card_id, usb_id
from edge_asr.audio.child_process import ChildProcess
from edge_asr.audio.devices import Microphone
from edge_asr.audio.sample_format import SampleFormat
from edge_asr.errors import CaptureError

_PROBE_S = 3.0
_CLOSE_S = 2.0
_RATES_HZ = (48000, 44100)  # the first that the device has
_MAX_PLUGIN_CHANNELS = 8  # a plugin that claims more has no number of its own
_FORMATS: tuple[SampleFormat, ...] = ("S16_LE", "S32_LE", "FLOAT_LE")
_FIELD = re.compile(r"^(?P<name>FORMAT|CHANNELS|RATE): +(?P<value>.*)$")
_NUMBER = re.compile(r"\d+")
_CARD_NUMBER = re.compile(r"\Acard(?P<index>\d+)\Z")


@dataclass(frozen=True, slots=True)
class Shape:
    """How a device is to be read. `device` is arecord's name for it."""

    device: str
    sample_format: SampleFormat
    sample_rate_hz: int
    channels: int


class Probes:
    """Runs of arecord that ask a device what it can do, those that hang included. One thread.

    A device that one hangs in is not asked again until it has ended: so there are never more of them than devices.
    """

    def __init__(self) -> None:
        self._left_behind: dict[str, ChildProcess] = {}

    @property
    def hangs(self) -> bool:
        """Whether one has not ended: it may still hold its device."""
        self._left_behind = {device: child for device, child in self._left_behind.items() if not child.gone}
        return bool(self._left_behind)

    def probe(self, device: str, *, is_hardware: bool) -> Shape:
        """Ask a device what it can do: it is opened for that, and closed. Raises CaptureError with ALSA's words."""
        if self.hangs and device in self._left_behind:
            raise CaptureError(
                f"'alsa:{device}' is not asked again: an earlier arecord hangs in its driver and cannot be killed; "
                "unplug it, or restart the machine"
            )
        fields: dict[str, str] = {}
        known = threading.Event()

        def hear(line: str) -> None:
            match = _FIELD.match(line)
            if match is not None:
                fields[match["name"]] = match["value"]
            if len(fields) == 3:
                known.set()

        words = ("arecord", "--quiet", f"--device={device}", "--dump-hw-params", "--file-type=raw", "--format=S16_LE")
        child = ChildProcess(words, lambda _: None, hear, known.set)
        known.wait(_PROBE_S)
        gone = child.close(_CLOSE_S)
        if not gone:
            self._left_behind[device] = child
        if len(fields) == 3:
            return _shape(device, fields, is_hardware=is_hardware)
        why = child.reason if gone else f"it did not answer within {_PROBE_S:g} s"
        raise CaptureError(
            f"'alsa:{device}' cannot be opened: {why}; is it in use elsewhere? arecord -L lists the names"
        )

    def shape_of(self, microphone: Microphone) -> Shape:
        """How arecord is to read a microphone of ALSA's, whoever has listed it. Raises CaptureError."""
        name = microphone.stable_id.removeprefix("alsa:")
        is_plugin = microphone.is_plugin
        return self.probe(name if is_plugin else _device(name), is_hardware=not is_plugin)


class Arecord:
    """Who lists ALSA's devices. `named`: one that is asked for by its full name, a plugin maybe; or empty."""

    def __init__(self, probes: Probes, named: str = "") -> None:
        self._probes = probes
        self._named = named

    def inputs(self) -> list[AlsaInput]:
        """Hardware that can record, and what is named. Raises CaptureError when that cannot be opened."""
        found = [self._hardware(*device) for device in capture_devices()]
        if self._named and self._named not in {device.stable_id for device in found}:
            shape = self._probes.probe(self._named, is_hardware=False)
            found.append(
                AlsaInput(self._named, self._named, self._named, "", False, shape.sample_rate_hz, shape.channels)
            )
        return found

    def _hardware(self, card: str, device: str, description: str) -> AlsaInput:
        stable_id = card_id(card) or f"card{card}"
        if device != "0":
            stable_id += f",{device}"
        name = _device(stable_id)
        try:
            shape = self._probes.probe(name, is_hardware=True)
            rate_hz, channels = shape.sample_rate_hz, shape.channels
        except CaptureError:  # in use, most likely; asked again when it is opened
            rate_hz, channels = _RATES_HZ[0], 1
        return AlsaInput(name, stable_id, description, usb_id(card), True, rate_hz, channels)


def _shape(device: str, fields: dict[str, str], *, is_hardware: bool) -> Shape:
    offered = fields["FORMAT"].split()
    sample_format = next((known for known in _FORMATS if known in offered), None)
    if sample_format is None:  # such as S24_3LE: ALSA converts it
        device = f"plug{device}" if is_hardware else f"plug:'{device}'"
        sample_format = "S16_LE"
    low_hz, high_hz = _range(fields["RATE"])
    rate_hz = next((rate for rate in _RATES_HZ if low_hz <= rate <= high_hz), max(low_hz, min(high_hz, _RATES_HZ[0])))
    fewest, most = _range(fields["CHANNELS"])
    return Shape(device, sample_format, rate_hz, most if is_hardware or most <= _MAX_PLUGIN_CHANNELS else fewest)


def _range(text: str) -> tuple[int, int]:
    """Bounds of "48000", "[8000 48000]" or "(1 4294967295)"."""
    numbers = [int(number) for number in _NUMBER.findall(text)]
    if not numbers:
        raise CaptureError(f"arecord tells a range that is none: {text!r}")
    return numbers[0], numbers[-1]


def _device(stable_id: str) -> str:
    """Name of a card's device for ALSA: by the card's id, which stays."""
    card, _, device = stable_id.partition(",")
    number = _CARD_NUMBER.match(card)
    return f"hw:CARD={number['index'] if number else card},DEV={device or 0}"
