"""What this process holds now, from /proc: memory of its own, memory of files, threads, descriptors."""

from dataclasses import dataclass
from pathlib import Path

_KIB_IN_MIB = 1024
_SELF = Path("/proc/self")


@dataclass(frozen=True, slots=True)
class Footprint:
    """`anon_mib` can only be swapped; `file_mib` are pages of mapped files, which the kernel takes back at will."""

    anon_mib: float
    file_mib: float
    threads: int
    descriptors: int


def footprint(folder: Path = _SELF) -> Footprint:
    """Footprint of the process whose folder in /proc that is."""
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
    descriptors = sum(1 for _ in (folder / "fd").iterdir())
    own = folder == _SELF  # then looking takes one itself
    return Footprint(_mib(status["RssAnon"]), _mib(status["RssFile"]), int(status["Threads"]), descriptors - own)


def _mib(text: str) -> float:
    return int(text.split(maxsplit=1)[0]) / _KIB_IN_MIB
