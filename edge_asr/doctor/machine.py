"""The machine itself: memory, disk, heat, power and the clock."""

import shutil
import subprocess
from pathlib import Path

from edge_asr.clock import Clock
from edge_asr.config import LadderConfig
from edge_asr.doctor.finding import Finding, fail, ok, skip, warn
from edge_asr.memory_limit import MemoryLimit
from edge_asr.thermal import temperatures

MEMORY, DISK, HEAT, CLOCK = "memory", "disk", "heat and power", "clock"
_MB = 1_000_000
_BESIDES_BYTES = 150 * _MB  # Python, libraries and the search, beside the bundle
_LITTLE_DISK_BYTES = 100 * _MB
_COMMAND_S = 3.0
_MEMINFO = Path("/proc/meminfo")
_NOW = {0: "undervoltage", 1: "frequency capped", 2: "throttled", 3: "near the heat limit"}
_SINCE_BOOT_SHIFT = 16


def memory(
    bundle_bytes: int, meminfo: Path = _MEMINFO, limit: MemoryLimit | None = None, need_bytes: int = 0, less: str = ""
) -> Finding:
    """Whether the bundle fits into what is free; with 0 bytes of bundle only the figure.

    limit: what the control group of this process allows; need_bytes: what the models need of it; less: the fix.
    """
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return skip(MEMORY, f"{meminfo} does not tell")
    said = f"{free // _MB} MB are available"
    if limit is not None:
        said += f", limited to {limit.limit_bytes // _MB} MB, of which {limit.used_bytes // _MB} MB are in use"
        if need_bytes > limit.limit_bytes:
            return fail(MEMORY, f"{said}; the models want about {need_bytes // _MB} MB", less)
    if bundle_bytes and free < bundle_bytes + _BESIDES_BYTES:
        wanted = (bundle_bytes + _BESIDES_BYTES) // _MB
        return warn(MEMORY, f"{said}, the daemon wants about {wanted} MB", "close what else runs, or add swap")
    return ok(MEMORY, said)


def disk(folder: Path, wanted_bytes: int) -> Finding:
    """Room in the models' folder, or where it would be made; `wanted_bytes` is what is still to come there."""
    place = folder
    try:
        place = next(place for place in (folder, *folder.parents) if place.is_dir())
        free = shutil.disk_usage(place).free
    except OSError as error:
        return fail(DISK, f"{place} cannot be asked: {error.strerror}")
    said = f"{free // _MB} MB are free at {place}"
    if free < max(wanted_bytes, _LITTLE_DISK_BYTES):
        wanted = max(wanted_bytes, _LITTLE_DISK_BYTES) // _MB
        return warn(DISK, f"{said}, {wanted} MB are wanted", "make room, or --set models.dir=FOLDER on another disk")
    return ok(DISK, said)


def heat_and_power(ladder: LadderConfig, firmware: str = "vcgencmd") -> Finding:
    """The hottest sensor that the ladder reads, and what a Raspberry Pi's firmware says of its power."""
    celsius = max(temperatures(ladder.temperature_path), default=None)
    flags = _throttled(firmware)
    if celsius is None and flags is None:
        return skip(HEAT, "this machine has no sensor that tells")
    said = ", ".join(
        ([] if celsius is None else [f"{celsius:.0f} °C"]) + ([] if flags is None else [f"firmware says {flags:#x}"])
    )
    now = [text for bit, text in _NOW.items() if (flags or 0) >> bit & 1]
    before = [text for bit, text in _NOW.items() if (flags or 0) >> (bit + _SINCE_BOOT_SHIFT) & 1]
    if now or before:
        seen = f"now: {', '.join(now)}" if now else f"since the start: {', '.join(before)}"
        fix = "use the Pi's own power supply and a short cable" if "undervoltage" in seen else "cool it"
        return warn(HEAT, f"{said} ({seen})", fix)
    if celsius is not None and celsius >= ladder.temperature_high_celsius:
        loss = "partials and the second pass are given up" if ladder.enabled else "the machine slows down"
        return warn(HEAT, f"{said}: hot, {loss}", "cool it: a heat sink or a fan")
    return ok(HEAT, said)


def clock(wall: Clock) -> Finding:
    """Whether a time server sets the clock: events carry wall times."""
    now = wall.now().isoformat(timespec="seconds")
    if wall.synced():
        return ok(CLOCK, f"{now}, set by a time server")
    fix = "sudo apt install systemd-timesyncd && sudo timedatectl set-ntp true"
    return warn(CLOCK, f"{now}, not set by a time server: the times in events may be wrong", fix)


def _throttled(firmware: str) -> int | None:
    """Bits of `vcgencmd get_throttled`; None where there is no such program or it may not be asked."""
    if shutil.which(firmware) is None:
        return None
    try:
        done = subprocess.run(
            [firmware, "get_throttled"], capture_output=True, text=True, timeout=_COMMAND_S, check=True
        )
        return int(done.stdout.strip().rpartition("=")[2], 16)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
