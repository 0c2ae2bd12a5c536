"""PulseAudio, or PipeWire in its clothes: whether it answers, and when not, what is wrong with its socket."""

import os
import pwd
import socket
from collections.abc import Mapping
from pathlib import Path

from edge_asr.audio.pulse import SilentServerError, SoundServer, server_address
from edge_asr.doctor import container
from edge_asr.doctor.finding import Finding, fail, ok, skip, warn
from edge_asr.errors import CaptureError

CHECK = "sound server"
_RESTART = "systemctl --user restart pipewire-pulse, or: pulseaudio --kill; pulseaudio --start"
_START = "systemctl --user start pipewire-pulse, or: sudo apt install pulseaudio && pulseaudio --start"
_CONNECT_S = 2.0


def sound_server(server: SoundServer, *, needed: bool, contained: bool = False) -> list[Finding]:
    """Its name and version; `needed` tells whether its absence is a fault or only worth a word.

    contained: in a container, where another hand mends it.
    """
    try:
        said = server.identity()
    except SilentServerError as error:
        if needed:
            return [fail(CHECK, str(error), _RESTART)]
        return [warn(CHECK, f"{error}; the microphone comes from ALSA, but looking for it may hang here", _RESTART)]
    except CaptureError as error:
        if not needed:
            return [skip(CHECK, "none answers, and none is needed: the microphone comes from ALSA")]
        if "apt install" in str(error):
            return [fail(CHECK, str(error))]
        seen, fix = socket_fault(server_address(), os.environ, contained=contained)
        return [fail(CHECK, f"none at {server_address()}: {seen}", fix)]
    return [ok(CHECK, f"{said} at {server_address()}")]


def socket_fault(address: str, environment: Mapping[str, str], *, contained: bool = False) -> tuple[str, str]:
    """What is wrong with a server that does not let us in, and the fix."""
    if not address.startswith(("unix:", "/")):
        return "it is not on this machine and does not let us in", "unset PULSE_SERVER to use the one here"
    path = Path(address.removeprefix("unix:"))
    try:
        owner = path.stat().st_uid
    except PermissionError:
        return f"this user may not look into {path.parent}", _closed_folder(path, contained=contained)
    except OSError:
        return "there is no such socket", container.no_socket(path) if contained else _no_socket(environment)
    if not os.access(path, os.R_OK | os.W_OK):
        fix = container.closed_socket(owner) if contained else f"run edge-asr as {_user(owner)}"
        return f"this user may not use {path}, it belongs to {_user(owner)}", fix
    if _accepts(path):
        fix = f"run edge-asr as {_user(owner)}, or set PULSE_COOKIE to the file of its cookie"
        return "it refuses us", container.refused(owner, environment) if contained else fix
    return "nobody listens at the socket", container.dead_socket(path) if contained else _START


def _closed_folder(path: Path, *, contained: bool) -> str:
    """The first folder on the way that is closed belongs to the one whose sound server it is."""
    closed = [folder for folder in reversed(path.parents) if not os.access(folder, os.X_OK)]
    if contained and closed:
        return container.closed_socket(closed[0].stat().st_uid)
    return "run edge-asr as the user whose sound server it is"


def _no_socket(environment: Mapping[str, str]) -> str:
    if environment.get("PULSE_SERVER"):
        return "unset PULSE_SERVER, or start the server that it names"
    if environment.get("SUDO_USER"):
        return f"run edge-asr without sudo, as {environment['SUDO_USER']}"
    if not environment.get("XDG_RUNTIME_DIR"):
        return f"export XDG_RUNTIME_DIR=/run/user/{os.getuid()}, or log in as the user whose sound server it is"
    return _START


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_CONNECT_S)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
