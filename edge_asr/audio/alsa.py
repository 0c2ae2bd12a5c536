"""What the kernel says of sound cards: ids that stay, where an index is a matter of who was first."""

import re
from dataclasses import dataclass
from pathlib import Path

_PROC_ASOUND = Path("/proc/asound")
_PCM = re.compile(r"^(?P<card>\d+)-(?P<device>\d+): [^:]*: (?P<name>[^:]*):.*\bcapture \d+")
_CARD = re.compile(r"^ *(?P<card>\d+) \[[^\]]*\]: \S+ - (?P<name>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class AlsaInput:
    """A device of ALSA that can capture. `stable_id` survives a reboot and another order of plugging in."""

    device_name: str  # what the lister opens: PortAudio's name, or arecord's
    stable_id: str  # "<card id>", "<card id>,<device>" when that is not 0, or the name of a plugin
    description: str
    usb_id: str
    is_hardware: bool
    sample_rate_hz: int
    channels: int


def card_id(index: str, folder: Path = _PROC_ASOUND) -> str:
    """Id of the card with this index, such as "Device"; empty when there is no such card."""
    return _read(folder / f"card{index}" / "id") if index.isdecimal() else ""


def usb_id(index: str, folder: Path = _PROC_ASOUND) -> str:
    """USB id of the card, "vendor:product"; empty for cards on another bus."""
    return _read(folder / f"card{index}" / "usbid") if index.isdecimal() else ""


def card_ids(folder: Path = _PROC_ASOUND) -> list[str]:
    """Ids of all cards, capture or not, in the kernel's order."""
    indices = sorted(int(path.name[4:]) for path in folder.glob("card[0-9]*") if path.name[4:].isdecimal())
    return [card_id(str(index), folder) for index in indices]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def capture_devices(folder: Path = _PROC_ASOUND) -> list[tuple[str, str, str]]:
    """(index of the card, number of the device, description) of all that can record."""
    names = {match["card"]: match["name"] for match in _CARD.finditer(_read(folder / "cards"))}
    found = []
    for line in _read(folder / "pcm").splitlines():
        device = _PCM.match(line)
        if device is not None:
            card = str(int(device["card"]))
            found.append((card, str(int(device["device"])), names.get(card) or device["name"].strip()))
    return found
