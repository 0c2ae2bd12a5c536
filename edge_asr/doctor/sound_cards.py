"""The kernel's sound cards and who may use them; matters where the microphone comes from ALSA."""

import os
import pwd
from pathlib import Path

from edge_asr.audio.alsa import card_ids
from edge_asr.doctor.finding import Finding, fail, ok

CHECK = "sound cards"
_DEVICES = Path("/dev/snd")
_PROC_ASOUND = Path("/proc/asound")


def sound_cards(devices: Path = _DEVICES, proc: Path = _PROC_ASOUND) -> list[Finding]:
    """Cards that can record, and whether this user may open them."""
    cards = ", ".join(card_ids(proc)) or "none"
    recording = sorted(devices.glob("pcmC*D*c"))
    if not recording:
        if cards == "none":
            return [fail(CHECK, "the kernel knows none", "plug a USB microphone in, and look with: arecord -l")]
        if not devices.is_dir():
            return [fail(CHECK, f"{cards}, but there is no {devices}", "in a container add: --device /dev/snd")]
        return [fail(CHECK, f"{cards}, none of which can record", "plug a USB microphone in; arecord -l lists them")]
    closed = [device.name for device in recording if not os.access(device, os.R_OK | os.W_OK)]
    if closed:
        user = pwd.getpwuid(os.getuid()).pw_name if _known(os.getuid()) else str(os.getuid())
        fix = f"sudo usermod -aG audio {user}, then log in again; in a container: --group-add audio"
        return [fail(CHECK, f"{cards}; this user may not open {', '.join(closed)} in {devices}", fix)]
    return [ok(CHECK, f"{cards}; recording: {', '.join(device.name for device in recording)}")]


def _known(uid: int) -> bool:
    return any(entry.pw_uid == uid for entry in pwd.getpwall())
