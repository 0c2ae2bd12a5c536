"""Who reads the microphone, why, and who could take over."""

from edge_asr.audio.alsa_listing import alsa_lister
from edge_asr.audio.arecord import Probes
from edge_asr.audio.backend import PACKAGES, Backends, Reader, Way, installed, stand_ins
from edge_asr.audio.devices import Inventory, Microphone
from edge_asr.audio.inventory import take_inventory
from edge_asr.audio.portaudio import PULSE_DEVICE, PortAudio
from edge_asr.audio.pulse import SoundServer
from edge_asr.clock import SystemClock
from edge_asr.config import AudioConfig
from edge_asr.doctor.finding import Finding, fail, failed, ok, warn
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics

CHECK = "backend"


def inventory(audio: AudioConfig) -> Inventory:
    """Everything that could be chosen, asked as the daemon asks: a microphone of ALSA's needs no sound server.

    ALSA is asked where it may be meant, because PortAudio is loud when it looks.
    """
    portaudio = PortAudio(SystemClock(), Metrics())
    alsa = alsa_lister(audio.backend, audio.source, portaudio, Backends(audio.backend), Probes())
    if audio.source.startswith("alsa:") or audio.backend == "arecord":
        return take_inventory(None, alsa)
    server = SoundServer()
    try:
        if audio.backend in {"parec", "pw-record"}:
            return take_inventory(server, None)
        alsa_stands_in = audio.source == "auto" or audio.source.startswith("pulse:")
        return take_inventory(server, alsa, alsa_stands_in=alsa_stands_in)
    finally:
        server.close()


def backend(audio: AudioConfig, microphone: Microphone, portaudio: PortAudio) -> Finding:
    """Who reads this microphone."""
    way: Way = "pulse" if microphone.backend == "pulse" else "alsa"
    try:
        choice = Backends(audio.backend).choice(way)
    except CaptureError as error:
        return failed(CHECK, error)
    there = [reader for reader in stand_ins(way) if installed(reader)]
    if choice.reader == "portaudio":
        return _portaudio(audio, way, microphone.stable_id, there, _fault(portaudio, way))
    others = [reader for reader in there if reader != choice.reader]
    also = ", ".join(["PortAudio", *others])
    return ok(CHECK, f"{choice.reader} reads {microphone.stable_id}: {choice.why}; also there: {also}")


def _portaudio(audio: AudioConfig, way: Way, name: str, there: list[Reader], fault: str) -> Finding:
    package = PACKAGES[stand_ins(way)[0]]
    if fault and audio.backend == "auto" and there:
        return warn(CHECK, f"{there[0]} reads {name}, because PortAudio cannot: {fault}")
    if fault:
        fix = f"sudo apt install {package}" if audio.backend == "auto" else "--set audio.backend=auto"
        return fail(CHECK, f"PortAudio cannot read {name}, and nobody takes over: {fault}", fix)
    said = f'PortAudio reads {name}: audio.backend = "{audio.backend}"'
    if audio.backend != "auto":
        return ok(CHECK, f"{said}; also there: {', '.join(there) or 'nothing'}")
    if there:
        return ok(CHECK, f"{said}; should it hang, {there[0]} takes over")
    return ok(CHECK, f"{said}; should it hang, nobody takes over: sudo apt install {package}")


def _fault(portaudio: PortAudio, way: Way) -> str:
    try:
        names = {device.device_name for device in portaudio.inputs()}
    except CaptureError as error:
        return str(error)
    if way == "pulse" and PULSE_DEVICE not in names:
        return "ALSA has no 'pulse' device; sudo apt install libasound2-plugins"
    return ""
