"""Which microphone: by name, never by index, never another one than was asked for."""

from dataclasses import dataclass
from typing import Literal

from edge_asr.audio.alsa import AlsaInput
from edge_asr.audio.pulse import PulseSource
from edge_asr.errors import CaptureError

_PULSE = "pulse:"
_ALSA = "alsa:"


@dataclass(frozen=True, slots=True)
class Microphone:
    """A source that can be opened."""

    backend: Literal["pulse", "alsa", "stdin", "file"]
    name: str  # what the backend opens: the server's source name, or PortAudio's device name
    description: str
    stable_id: str  # what to write into audio.source
    sample_rate_hz: int
    channels: int
    usb_id: str = ""
    card_id: str = ""
    is_monitor: bool = False  # what a loudspeaker plays, not what a room says
    is_plugin: bool = False  # an ALSA name without hardware of its own: default, pulse, null ...
    is_muted: bool = False
    is_default: bool = False
    volume: float = 1.0  # in the sound server; 1.0 is what the hardware gives

    def words(self) -> tuple[str, ...]:
        """Texts in which a part of a name is looked for."""
        return (self.stable_id, self.name, self.description, self.usb_id, self.card_id)


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is, and why a part of it could not be asked."""

    microphones: tuple[Microphone, ...]  # the sound server's, then ALSA's; each in its backend's order
    pulse_problem: str = ""  # empty: the sound server has answered
    alsa_problem: str = ""


def from_pulse(source: PulseSource, default_source: str) -> Microphone:
    """A source of the sound server as a microphone."""
    return Microphone(
        backend="pulse",
        name=source.name,
        description=source.description,
        stable_id=_PULSE + source.name,
        sample_rate_hz=source.sample_rate_hz,
        channels=source.channels,
        usb_id=source.usb_id,
        card_id=source.alsa_card_id,
        is_monitor=source.is_monitor,
        is_muted=source.is_muted,
        is_default=source.name == default_source,
        volume=source.volume,
    )


def from_alsa(device: AlsaInput) -> Microphone:
    """A device of ALSA as a microphone."""
    return Microphone(
        backend="alsa",
        name=device.device_name,
        description=device.description,
        stable_id=_ALSA + device.stable_id,
        sample_rate_hz=device.sample_rate_hz,
        channels=device.channels,
        usb_id=device.usb_id,
        is_plugin=not device.is_hardware,
    )


def choose(source: str, inventory: Inventory) -> Microphone:
    """The microphone that `audio.source` means; raises CaptureError that lists what is there.

    "auto": the sound server's default source, else its first one; without a sound server the first ALSA hardware.
    "pulse:<source name>" and "alsa:<card id or device name>" are full names. Anything else is a part of a name, in
    any case of letters, and must fit one microphone only. Monitors and ALSA plugins are found by full name alone.
    """
    if source == "auto":
        return _automatic(inventory)
    if source.startswith((_PULSE, _ALSA)):
        return _by_full_name(source, inventory)
    return _by_part(source, inventory)


def eligible(inventory: Inventory) -> list[Microphone]:
    """Microphones that may be found without their full name."""
    return [mic for mic in inventory.microphones if not mic.is_monitor and not mic.is_plugin]


def _automatic(inventory: Inventory) -> Microphone:
    backend = "pulse" if not inventory.pulse_problem else "alsa"
    candidates = [mic for mic in eligible(inventory) if mic.backend == backend]
    if not candidates:
        raise CaptureError(_nothing_there(inventory))
    return next((mic for mic in candidates if mic.is_default), candidates[0])


def _by_full_name(source: str, inventory: Inventory) -> Microphone:
    backend, _, name = source.partition(":")
    for mic in inventory.microphones:
        if mic.backend == backend and name in {mic.name, mic.stable_id.removeprefix(f"{backend}:")}:
            return mic
    problem = inventory.pulse_problem if backend == "pulse" else inventory.alsa_problem
    raise CaptureError(problem or f"source '{source}' is not there; waiting for it. {_present(inventory)}")


def _by_part(source: str, inventory: Inventory) -> Microphone:
    part = source.casefold()
    exact = [mic for mic in inventory.microphones if source == mic.name and not mic.is_plugin]
    # With a sound server, ALSA's view of the same hardware is not a second candidate.
    found = exact or [mic for mic in eligible(inventory) if any(part in word.casefold() for word in mic.words())]
    through_server = [mic for mic in found if mic.backend == "pulse"]
    found = through_server or found
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(mic.stable_id for mic in found)
        raise CaptureError(f"source '{source}' fits more than one microphone: {names}; write one of these in full")
    if inventory.pulse_problem and not eligible(inventory):
        raise CaptureError(inventory.pulse_problem)
    raise CaptureError(f"source '{source}' is not there; waiting for it. {_present(inventory)}")


def _nothing_there(inventory: Inventory) -> str:
    if inventory.pulse_problem:
        return f"no microphone: {inventory.pulse_problem}; and {inventory.alsa_problem or 'ALSA has no capture card'}"
    return "no microphone: the sound server has no source but monitors; plug one in. `edge-asr devices` lists them"


def _present(inventory: Inventory) -> str:
    names = [mic.stable_id for mic in eligible(inventory)]
    return f"Present: {', '.join(names) or 'no microphone at all'}"
