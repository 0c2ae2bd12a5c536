"""System libraries that no wheel brings: PortAudio, libpulse, and ALSA's way to the sound server."""

import ctypes
from pathlib import Path

from edge_asr.doctor.finding import Finding, fail, ok, warn

CHECK = "libraries"
_LIBRARIES = (("libportaudio.so.2", "libportaudio2"), ("libpulse.so.0", "libpulse0"))
_PLUGIN, _PLUGIN_PACKAGE = "libasound_module_pcm_pulse.so", "libasound2-plugins"
_SPARED = {"libportaudio2", _PLUGIN_PACKAGE}
_PLUGIN_FOLDERS = ("lib/*/alsa-lib", "lib64/alsa-lib", "lib/alsa-lib", "local/lib/alsa-lib")
_ROOT = Path("/usr")


def libraries(
    names: tuple[tuple[str, str], ...] = _LIBRARIES, root: Path = _ROOT, *, spare: bool = False
) -> list[Finding]:
    """Each (library, Debian package) is loaded; the plugin is looked for where ALSA looks.

    With `spare` a recorder can stand in for PortAudio: then its absence is no fault.
    """
    missing = {package: library for library, package in names if not _loads(library)}
    if not any(found for folder in _PLUGIN_FOLDERS for found in root.glob(f"{folder}/{_PLUGIN}")):
        missing[_PLUGIN_PACKAGE] = f"{_PLUGIN} (ALSA's way to PulseAudio and PipeWire)"
    if missing:
        said, fix = f"missing: {', '.join(missing.values())}", f"sudo apt install {' '.join(missing)}"
        return [warn(CHECK, said, fix) if spare and missing.keys() <= _SPARED else fail(CHECK, said, fix)]
    return [ok(CHECK, ", ".join([*(package for _, package in names), _PLUGIN_PACKAGE]))]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
