"""Which microphones there are, which one is chosen, and whether the sound server lets it be heard."""

from edge_asr.audio.channels import channel_fault
from edge_asr.audio.devices import Inventory, Microphone, choose, eligible
from edge_asr.audio.opening import opener_of
from edge_asr.audio.played import STDIN
from edge_asr.clock import Clock
from edge_asr.config import AudioConfig
from edge_asr.doctor.finding import Finding, fail, failed, ok, warn
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics

CHECK = "microphone"
_SILENT_VOLUME = 0.01
_QUIET_VOLUME = 0.3


def microphones(config: AudioConfig, inventory: Inventory) -> tuple[list[Finding], Microphone | None]:
    """Findings, and the microphone that `audio.source` means; None when there is none."""
    names = [mic.stable_id for mic in eligible(inventory)]
    try:
        chosen = choose(config.source, inventory)
    except CaptureError as error:
        if names:
            fix = f"--set audio.source={names[0]}, or plug the other one in"
            return [fail(CHECK, f'audio.source = "{config.source}": {error}', fix)], None
        return [failed(CHECK, error)], None
    fault = channel_fault(config.channel, chosen.channels)
    if fault:
        return [fail(CHECK, f"{chosen.stable_id}: {fault}")], None
    return [ok(CHECK, f"{len(names)} found: {', '.join(names)}"), _verdict(config, chosen)], chosen


def played(config: AudioConfig, clock: Clock) -> Finding:
    """What is heard instead of a microphone."""
    if config.source == STDIN:
        return ok(CHECK, 'audio.source = "stdin": edge-asr run hears what is piped into it')
    opener = opener_of(config, clock, Metrics())
    try:
        file = opener.choose()
    except CaptureError as error:
        return failed(CHECK, error)
    finally:
        opener.stop()
    shape = f"{file.sample_rate_hz} Hz, {file.channels} channel(s)"
    return ok(CHECK, f'audio.source = "{config.source}": a file of {shape}, heard once instead of a microphone')


def _verdict(config: AudioConfig, mic: Microphone) -> Finding:
    shape = f"{mic.sample_rate_hz} Hz, {mic.channels} channel(s)"
    said = f'audio.source = "{config.source}" means {mic.stable_id} ({mic.description}), {shape}'
    if mic.backend == "pulse":
        said += f", volume {mic.volume:.0%}"
    if mic.is_muted:
        return fail(CHECK, f"{said}: muted in the sound server", f"pactl set-source-mute {mic.name} 0")
    if mic.volume < _SILENT_VOLUME:
        return fail(CHECK, f"{said}: turned down", f"pactl set-source-volume {mic.name} 100%")
    if mic.is_monitor:
        return warn(CHECK, f"{said}: what a loudspeaker plays, not what the room says", "--set audio.source=auto")
    if mic.volume < _QUIET_VOLUME:
        return warn(CHECK, said, f"pactl set-source-volume {mic.name} 100%")
    return ok(CHECK, said)
