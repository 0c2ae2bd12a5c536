"""The kernel's sound cards and who may use them; matters where the microphone comes from ALSA."""

import os
import pwd
from pathlib import Path

from edge_asr.audio.alsa import card_ids
from edge_asr.doctor import container
from edge_asr.doctor.finding import Finding, fail, ok, warn

CHECK = "sound cards"
_DEVICES = Path("/dev/snd")
_PROC_ASOUND = Path("/proc/asound")


def sound_cards(devices: Path = _DEVICES, proc: Path = _PROC_ASOUND, *, contained: bool = False) -> list[Finding]:
    """Cards that can record, and whether this user may open them. contained: in a container, where others mend it."""
    cards = ", ".join(card_ids(proc)) or "none"
    recording = sorted(devices.glob("pcmC*D*c"))
    if not recording:
        return [_none(devices, cards, contained=contained)]
    closed = [device for device in recording if not os.access(device, os.R_OK | os.W_OK)]
    if closed:
        user = pwd.getpwuid(os.getuid()).pw_name if _known(os.getuid()) else str(os.getuid())
        names = ", ".join(device.name for device in closed)
        fix = f"sudo usermod -aG audio {user}, then log in again"
        if contained:
            fix = container.closed_devices(closed)
        return [fail(CHECK, f"{cards}; this user may not open {names} in {devices}", fix)]
    names = ", ".join(device.name for device in recording)
    if contained and cards == "none":
        hidden = f"recording: {names}; the cards' names are hidden here, so call the microphone alsa:card1 or the like"
        return [warn(CHECK, hidden, "where names are wanted: --security-opt systempaths=unconfined")]
    return [ok(CHECK, f"{cards}; recording: {names}")]


def _none(devices: Path, cards: str, *, contained: bool) -> Finding:
    """Why there is nothing to record with."""
    if contained and not devices.is_dir():
        return fail(CHECK, f"there is no {devices}", container.no_devices(devices))
    if cards == "none":
        return fail(CHECK, "the kernel knows none", "plug a USB microphone in, and look with: arecord -l")
    if not devices.is_dir():
        return fail(CHECK, f"{cards}, but there is no {devices}", "in a container add: --device /dev/snd")
    return fail(CHECK, f"{cards}, none of which can record", "plug a USB microphone in; arecord -l lists them")


def _known(uid: int) -> bool:
    return any(entry.pw_uid == uid for entry in pwd.getpwall())
