"""Who reads the microphone: PortAudio, or a program of its own where PortAudio cannot."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from edge_asr.audio.deadline import DeadlineError, TooManyHungCallsError
from edge_asr.audio.portaudio import UnfitError
from edge_asr.config import CaptureBackend
from edge_asr.errors import CaptureError

log = logging.getLogger(__name__)

Way = Literal["pulse", "alsa"]
Reader = Literal["portaudio", "parec", "pw-record", "arecord"]

PACKAGES: dict[Reader, str] = {
    "portaudio": "libportaudio2",
    "parec": "pulseaudio-utils",
    "pw-record": "pipewire-bin",
    "arecord": "alsa-utils",
}
_STAND_INS: dict[Way, tuple[Reader, ...]] = {"pulse": ("parec", "pw-record"), "alsa": ("arecord",)}
_PATIENCE = 2  # openings that did not return, one after the other


def stand_ins(way: Way) -> tuple[Reader, ...]:
    """Programs that could read a microphone of this way, the first choice first."""
    return _STAND_INS[way]


def installed(program: str) -> bool:
    """Whether a program is there."""
    return shutil.which(program) is not None


@dataclass(frozen=True, slots=True)
class Choice:
    """Who reads, and why."""

    reader: Reader
    why: str


class Backends:
    """Which backend reads a microphone of the sound server, or of ALSA. One thread.

    What the configuration names is never replaced. "auto" is PortAudio until that cannot serve; then the program that
    fits takes over, and keeps it once it has been opened: what hung or was missing does so again.
    """

    def __init__(self, wanted: CaptureBackend, is_there: Callable[[str], bool] = installed) -> None:
        self._wanted = wanted
        self._is_there = is_there
        self._settled: dict[Way, Choice] = {}
        self._hung_openings = 0

    def choice(self, way: Way) -> Choice:
        """Who reads next. Raises CaptureError with the package when it is not installed."""
        if self._wanted == "auto":
            return self._settled.get(way) or Choice("portaudio", 'audio.backend = "auto"')
        if self._wanted != "portaudio" and not self._is_there(self._wanted):
            raise CaptureError(
                f'audio.backend = "{self._wanted}", and {self._wanted} is not installed; '
                f"sudo apt install {PACKAGES[self._wanted]}"
            )
        return Choice(self._wanted, f'audio.backend = "{self._wanted}"')

    def stand_in(self, way: Way, error: CaptureError) -> Choice | None:
        """Who is to read now, after PortAudio's `error` in opening; None when PortAudio is to be tried again."""
        self._hung_openings = self._hung_openings + 1 if isinstance(error, DeadlineError) else 0
        beyond_hope = isinstance(error, UnfitError | TooManyHungCallsError) or self._hung_openings >= _PATIENCE
        if self._wanted != "auto" or not beyond_hope:
            return None
        reader = self.spare(way)
        return None if reader is None else Choice(reader, str(error))

    def spare(self, way: Way) -> Reader | None:
        """The program that fits, and is there."""
        return next((reader for reader in _STAND_INS[way] if self._is_there(reader)), None)

    def opened(self, way: Way, choice: Choice) -> None:
        """It could be opened."""
        if choice.reader == "portaudio":
            self._hung_openings = 0
        elif self._wanted == "auto" and way not in self._settled:
            self._settled[way] = choice
            said = {"reason": choice.why, "backend": choice.reader}
            log.warning("PortAudio cannot serve (%(reason)s): %(backend)s reads the microphone from now on", said)
