"""What microphones there are, as the sound server and ALSA tell it."""

from typing import Protocol

from edge_asr.audio.alsa import AlsaInput
from edge_asr.audio.deadline import TooManyHungCallsError
from edge_asr.audio.devices import Inventory, Microphone, from_alsa, from_pulse
from edge_asr.audio.pulse import SilentServerError, SoundServer
from edge_asr.errors import CaptureError


class AlsaLister(Protocol):
    """Who can say what ALSA has: PortAudio, or arecord and the kernel."""

    def inputs(self) -> list[AlsaInput]:
        """Every device that can capture, as of now. Raises CaptureError."""
        ...


def take_inventory(server: SoundServer | None, alsa: AlsaLister | None, *, alsa_stands_in: bool = False) -> Inventory:
    """Ask the sound server and ALSA, each only when given; what cannot be asked becomes a line of text.

    With `alsa_stands_in` ALSA is asked only when there is no sound server. Raises TooManyHungCallsError where ALSA
    alone is left, and so many calls of PortAudio hang that it is not asked any more.
    """
    found: list[Microphone] = []
    pulse_problem = alsa_problem = ""
    if server is None:
        pulse_problem = "the sound server was not asked"
    else:
        try:
            survey = server.survey()
            found += [from_pulse(source, survey.default_source) for source in survey.sources]
        except SilentServerError as error:
            # PortAudio's list would hang: it tries the `pulse` device as well.
            return Inventory((), str(error), "ALSA is not asked while the sound server is silent")
        except CaptureError as error:
            pulse_problem = str(error)
    if alsa is not None and (pulse_problem or not alsa_stands_in):
        try:
            found += [from_alsa(device) for device in alsa.inputs()]
        except CaptureError as error:
            if isinstance(error, TooManyHungCallsError) and not found:
                raise  # nothing is left here that could be heard
            alsa_problem = str(error)
    return Inventory(tuple(found), pulse_problem, alsa_problem)
