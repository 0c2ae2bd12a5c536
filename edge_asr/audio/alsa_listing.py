"""Who lists ALSA's devices: PortAudio, and arecord where that is wanted, or PortAudio cannot."""

from edge_asr.audio.alsa import AlsaInput
from edge_asr.audio.arecord import Arecord, Probes
from edge_asr.audio.backend import Backends
from edge_asr.audio.deadline import DeadlineError, TooManyHungCallsError
from edge_asr.audio.inventory import AlsaLister
from edge_asr.audio.portaudio import PortAudio, UnfitError
from edge_asr.config import CaptureBackend


def alsa_lister(
    backend: CaptureBackend, source: str, portaudio: PortAudio, backends: Backends, probes: Probes
) -> AlsaLister:
    """The lister for these settings. Raises CaptureError when a program that is asked for is missing."""
    named = source.removeprefix("alsa:") if source.startswith("alsa:") else ""
    if backend == "arecord":
        backends.choice("alsa")
        return Arecord(probes, named)
    return PortAudioFirst(portaudio, Arecord(probes, named) if backend == "auto" and backends.spare("alsa") else None)


class PortAudioFirst:
    """PortAudio's list, and another's where PortAudio is missing or hangs."""

    def __init__(self, portaudio: PortAudio, spare: AlsaLister | None) -> None:
        self._portaudio = portaudio
        self._spare = spare

    def inputs(self) -> list[AlsaInput]:
        """Every device that can capture. Raises CaptureError."""
        try:
            return self._portaudio.inputs()
        except (UnfitError, DeadlineError, TooManyHungCallsError):
            if self._spare is None:
                raise
            return self._spare.inputs()
