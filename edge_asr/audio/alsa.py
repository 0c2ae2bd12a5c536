"""What the kernel says of sound cards: ids that stay, where an index is a matter of who was first."""

from pathlib import Path

_PROC_ASOUND = Path("/proc/asound")


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
