"""What a process has used, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

from edge_asr.errors import EdgeAsrError

_UTIME, _STIME = 11, 12  # fields of stat after the name, from 0
_KIB = 1024
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds (user and system, all threads) since its start, resident memory now and at its peak in MiB."""

    cpu_s: float
    resident_mib: float
    peak_mib: float


def usage(pid: int) -> Usage:
    """Usage of a process up to now, to a hundredth of a second. Raises EdgeAsrError when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
        )
        ticks = int(fields[_UTIME]) + int(fields[_STIME])
        return Usage(ticks / os.sysconf("SC_CLK_TCK"), _mib(status["VmRSS"]), _mib(status["VmHWM"]))
    except (OSError, IndexError, KeyError):
        raise EdgeAsrError(f"the process {pid} ended while it was measured") from None


def _mib(text: str) -> float:
    return int(text.split(maxsplit=1)[0]) * _KIB / _MIB
