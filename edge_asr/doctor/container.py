"""A container that lacks something: what the one who starts it has to add. Nothing here speaks of a bare machine."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from edge_asr.doctor.finding import Finding, ok, warn

CHECK = "container"
_COOKIE = "~/.config/pulse/cookie"
_ALSA_MAJOR = 116


def container(engine: str, state: Path, *, named: bool) -> list[Finding]:
    """Who the daemon is there, and whether it can keep what is to be kept. named: the device has a name of its own."""
    user, groups = os.getuid(), ", ".join(map(str, sorted({os.getgid(), *os.getgroups()})))
    found = [ok(CHECK, f"{engine}; user {user}, groups {groups}")]
    if not named:
        changes = "device.id is not set, and the container's own name changes with each new one"
        found.append(warn(CHECK, changes, "-e EDGE_ASR__DEVICE__ID=kitchen"))
    place = next((folder for folder in (state, *state.parents) if folder.exists()), state)
    if not os.access(place, os.W_OK | os.X_OK):
        lost = "mute and other controls are forgotten at the end, and there is no spool on disk"
        fix = f"mount a volume that is user {user}'s: -v edge_asr:{state}"
        found.append(warn(CHECK, f"user {user} may not write to {place}: {lost}", fix))
    return found


def no_socket(path: Path) -> str:
    """Neither the sound server's socket nor, maybe, a sound card was brought in."""
    return f'-v "$XDG_RUNTIME_DIR/pulse/native:{path}" for PulseAudio or PipeWire, or --device /dev/snd for ALSA'


def closed_socket(owner: int) -> str:
    """It is there, and not for this user."""
    return f"start the container with --user {owner}, whose sound server it is"


def dead_socket(path: Path) -> str:
    """A file that was mounted stays what it was when the server makes a new one."""
    return f"start the container again, or mount the folder in place of the file: -v FOLDER:{path.parent}"


def refused(owner: int, environment: Mapping[str, str]) -> str:
    """The server lets in its own user, and who shows its cookie."""
    cookie = Path(environment.get("PULSE_COOKIE") or Path(environment.get("HOME") or "/") / ".config/pulse/cookie")
    if not cookie.exists():
        return f"its cookie is missing: -v {_COOKIE}:{cookie}:ro, or start the container with --user {owner}"
    if not os.access(cookie, os.R_OK):
        return f"this user may not read its cookie {cookie}: start the container with --user {owner}"
    return f"{cookie} is another server's cookie: mount the right one, or start the container with --user {owner}"


def no_devices(devices: Path) -> str:
    """No sound card was brought in."""
    return f"--device {devices}; or, for one that is plugged in later: {later(devices, 'audio')}"


def later(devices: Path, group: str) -> str:
    """What lets sound cards come and go."""
    return f"-v {devices}:{devices} --device-cgroup-rule 'c {_ALSA_MAJOR}:* rmw' --group-add {group}"


def closed_devices(closed: list[Path]) -> str:
    """By the container's own rules; or by their group, which has a number of its own on each machine."""
    group = str(closed[0].stat().st_gid)
    if any(_barred(device) for device in closed):
        return f"--device {closed[0].parent}; or, for cards that come and go: {later(closed[0].parent, group)}"
    return f"--group-add {group}, the group of {closed[0]}"


def _barred(device: Path) -> bool:
    """Whether the kernel refuses it for the rules of the control group; for the file's own mode it says EACCES."""
    try:
        os.close(os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        return error.errno == errno.EPERM
    return False
